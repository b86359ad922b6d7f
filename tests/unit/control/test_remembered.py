"""What the broker held survives a restart, sealed, as long as it would be made of the same again."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from pathlib import Path

import pytest

from tests.unit.control.test_delivery import use
from wicketgate.broker.source import Obtained
from wicketgate.control.remembered import Remembered
from wicketgate.secret_value import SecretValue

ENDS = time.time() + 3600
HELD = {
    use("a"): Obtained(SecretValue("the-first-token"), ENDS, b"of a"),
    use("b"): Obtained(SecretValue("second"), ENDS, b"of b"),
}
MADE_OF = {use: obtained.made_of for use, obtained in HELD.items()}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "credentials.sealed"


def _opened(path: Path) -> Remembered:
    return Remembered(path, state=path.parent, key=None)


def test_what_was_held_is_held_again(path: Path) -> None:
    _opened(path).write(HELD)
    assert path.stat().st_mode & 0o777 == 0o600
    assert b"token" not in path.read_bytes().replace(b"given", b"")
    assert _opened(path).read({**MADE_OF, use("c"): b"of c"}) == HELD


def test_what_is_made_of_something_else_is_forgotten_alone(path: Path) -> None:
    _opened(path).write(HELD)
    assert _opened(path).read({**MADE_OF, use("a"): b"of another"}) == {use("b"): HELD[use("b")]}
    for entry in json.loads(path.read_bytes()).values():
        assert sorted(entry) == ["box", "expires_at", "key_id"], "nothing that a guess could be held against"


@pytest.mark.parametrize("damage", [{"box": "AAAA"}, {"box": 1}, {"expires_at": "9e99"}, {"key_id": "other"}, None])
def test_one_damaged_value_costs_no_other(path: Path, damage: dict[str, object] | None) -> None:
    _opened(path).write(HELD)
    saved = json.loads(path.read_bytes())
    first = next(iter(saved))
    saved[first] = None if damage is None else {**saved[first], **damage}
    path.write_text(json.dumps(saved))
    assert _opened(path).read(MADE_OF) == {use("b"): HELD[use("b")]}


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"1", b"null", b"\xff"])
def test_a_damaged_file_is_as_none(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    assert _opened(path).read(MADE_OF) == {}


def test_only_what_has_changed_is_sealed_again(path: Path) -> None:
    remembered = _opened(path)
    remembered.write(HELD)
    first = json.loads(path.read_bytes())
    third = Obtained(SecretValue("third"), ENDS, b"of b")
    remembered.write({**HELD, use("b"): third})
    second = json.loads(path.read_bytes())
    assert sorted(first) == sorted(second)
    assert [first[name] == second[name] for name in sorted(first)].count(True) == 1
    assert _opened(path).read({use("b"): b"of b"}) == {use("b"): third}


def test_another_key_of_the_installation_seals_everything_anew(path: Path) -> None:
    remembered = _opened(path)
    remembered.write(HELD)
    (path.parent / "key").unlink()
    remembered.write(HELD)
    assert _opened(path).read(MADE_OF) == HELD


def test_what_cannot_be_opened_is_obtained_anew(path: Path) -> None:
    _opened(path).write(HELD)
    (path.parent / "key").unlink()
    assert _opened(path).read(MADE_OF) == {}


def test_the_key_is_read_once_for_thousands(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    held = {use(f"n{number}"): replace(HELD[use("a")]) for number in range(200)}
    remembered = _opened(path)
    remembered.write(held)
    read: list[None] = []
    opened = Path.read_text

    def counted(path: Path, *arguments: str, **named: str) -> str:
        read.append(None)
        return opened(path, *arguments, **named)

    monkeypatch.setattr(Path, "read_text", counted)
    assert len(remembered.read(dict.fromkeys(held, b"of a"))) == 200
    assert len(read) <= 1
