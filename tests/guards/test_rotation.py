"""Guards that read their secret file again change secrets without a restart and never fall open."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.guards.contract import CURRENT, HEADER, NEXT, ask
from tests.guards.stands import STANDS
from tests.guards.stands.base import logged
from tests.guards.stands.frameworks import FRAMEWORKS

# Envoy's script looks at its file once a second; the others on each request.
_LIVE_SECONDS = 10.0
_LIVE = (*(framework.name for framework in FRAMEWORKS), "caddy", "envoy")


def _replace(secret_file: Path, text: str) -> None:
    fresh = secret_file.with_suffix(".new")
    fresh.write_text(text)
    fresh.rename(secret_file)


def _status(port: int, secret: str) -> int:
    return ask(port, ((HEADER, secret),)).status


def _wait_for_status(port: int, secret: str, status: int) -> None:
    deadline = time.monotonic() + _LIVE_SECONDS
    while _status(port, secret) != status:
        assert time.monotonic() < deadline, f"still not {status}"
        time.sleep(0.1)


@pytest.mark.parametrize("name", _LIVE)
def test_next_secret_joins_and_the_old_one_leaves(name: str, tmp_path: Path) -> None:
    with STANDS[name](tmp_path, mode="enforce", secrets=(CURRENT,)) as port:
        assert (_status(port, CURRENT), _status(port, NEXT)) == (200, 401)
        _replace(tmp_path / "guard-secret", f"{CURRENT}\n{NEXT}\n")
        _wait_for_status(port, NEXT, 200)
        assert _status(port, CURRENT) == 200
        _replace(tmp_path / "guard-secret", f"{NEXT}\n")
        _wait_for_status(port, CURRENT, 401)
        assert _status(port, NEXT) == 200


@pytest.mark.parametrize("name", _LIVE)
def test_spoilt_file_never_opens(name: str, tmp_path: Path) -> None:
    secret_file = tmp_path / "guard-secret"
    with STANDS[name](tmp_path, mode="enforce", secrets=(CURRENT,)) as port:
        for times, text in enumerate(("", "\n \n", "short\n", None), start=1):
            if text is None:
                secret_file.unlink()
            else:
                _replace(secret_file, text)
            _wait_until_noticed(name, port, tmp_path, times)
            # Caddy has no memory of the last good secrets: it refuses everything.
            assert _status(port, CURRENT) == (401 if name == "caddy" else 200)
            assert _status(port, "") == 401
            assert _status(port, "short") == 401
        _replace(secret_file, f"{NEXT}\n")
        _wait_for_status(port, NEXT, 200)


def _wait_until_noticed(name: str, port: int, folder: Path, times: int) -> None:
    """Until the guard has looked at the spoilt file, and said so in its log for the `times`-th time."""
    deadline = time.monotonic() + _LIVE_SECONDS
    while name != "caddy" and logged(folder).count("last good secrets stay in force") < times:
        _status(port, CURRENT)
        assert time.monotonic() < deadline, "the spoilt file was not noticed"
        time.sleep(0.05)
