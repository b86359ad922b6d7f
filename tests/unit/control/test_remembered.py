"""What the broker held survives a restart, sealed."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from tests.unit.control.test_delivery import use
from wicketgate.broker.source import Obtained
from wicketgate.control.remembered import Remembered
from wicketgate.secret_value import SecretValue

ENDS = time.time() + 3600
HELD = {use("a"): Obtained(SecretValue("the-first-token"), ENDS), use("b"): Obtained(SecretValue("second"), ENDS)}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "credentials.sealed"


def _opened(path: Path) -> Remembered:
    return Remembered(path, state=path.parent, key=None)


def test_what_was_held_is_held_again(path: Path) -> None:
    _opened(path).write(HELD)
    assert path.stat().st_mode & 0o777 == 0o600
    assert b"token" not in path.read_bytes().replace(b"given", b"")
    found = _opened(path).read([*HELD, use("c")])
    assert {of: obtained.value.reveal() for of, obtained in found.items()} == {
        of: obtained.value.reveal() for of, obtained in HELD.items()
    }


def test_only_what_has_changed_is_sealed_again(path: Path) -> None:
    remembered = _opened(path)
    remembered.write(HELD)
    first = json.loads(path.read_bytes())
    remembered.write({**HELD, use("b"): Obtained(SecretValue("third"), ENDS)})
    second = json.loads(path.read_bytes())
    assert sorted(first) == sorted(second)
    assert [first[name] == second[name] for name in sorted(first)].count(True) == 1
    assert _opened(path).read([use("b")])[use("b")].value.reveal() == "third"


def test_another_key_of_the_installation_seals_everything_anew(path: Path) -> None:
    remembered = _opened(path)
    remembered.write(HELD)
    (path.parent / "key").unlink()
    remembered.write(HELD)
    assert len(_opened(path).read(HELD)) == 2


def test_what_cannot_be_opened_is_obtained_anew(path: Path) -> None:
    _opened(path).write(HELD)
    (path.parent / "key").unlink()
    assert _opened(path).read(HELD) == {}
