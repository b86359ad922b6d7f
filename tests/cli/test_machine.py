"""What `wicket doctor` sees."""

from __future__ import annotations

import socket
from pathlib import Path

from wicketgate.cli.machine import (
    Level,
    clock_sign,
    envoy_sign,
    open_files_sign,
    port_sign,
    private_file_signs,
    python_sign,
    state_sign,
)


def test_an_old_python_is_bad() -> None:
    assert python_sign((3, 10, 14)).level is Level.BAD
    assert python_sign((3, 11, 0)).level is Level.OK


def test_the_envoy_of_the_wheel_runs() -> None:
    sign = envoy_sign()
    assert (sign.level, sign.text) == (Level.OK, "1.39.3")


def test_a_clock_of_the_past_is_bad() -> None:
    assert clock_sign(now=0.0).level is Level.BAD
    assert clock_sign().level in (Level.OK, Level.WARN)


def test_a_taken_port_is_bad() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert port_sign("127.0.0.1", port).level is Level.BAD
    assert port_sign("127.0.0.1", port).level is Level.OK


def test_a_secret_that_others_can_read_is_bad(tmp_path: Path) -> None:
    private, open_to_all = tmp_path / "a", tmp_path / "b"
    for path, mode in ((private, 0o600), (open_to_all, 0o644)):
        path.touch()
        path.chmod(mode)
    signs = list(private_file_signs([private, open_to_all, tmp_path / "missing"]))
    assert [sign.level for sign in signs] == [Level.OK, Level.BAD]
    assert signs[1].hint == f"chmod 600 {open_to_all}"


def test_a_state_folder_that_others_write_is_bad(tmp_path: Path) -> None:
    state = tmp_path / ".wicket"
    assert state_sign(state).level is Level.OK
    state.mkdir(mode=0o700)
    assert state_sign(state).level is Level.OK
    state.chmod(0o777)
    assert state_sign(state).level is Level.BAD


def test_the_open_file_limit_is_named() -> None:
    assert "limit" in open_files_sign().text
