"""What only the printed configurations do."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path

import httpx
import pytest

from tests.guards.contract import CURRENT, HEADER, NEXT, PATH, ROWS, ask
from tests.guards.stands import STANDS
from tests.guards.stands.base import PID_FILE, logged
from tests.guards.stands.proxies import PROXIES, rotation_of, run_commands


@pytest.mark.parametrize("name", [proxy.name for proxy in PROXIES])
def test_the_target_reaches_the_application_byte_for_byte(name: str, tmp_path: Path) -> None:
    targets = ["/a%2Fb/c%20d?x=%2F&y=a+b", "/caf%C3%A9;v=1/x'y", "/a//b", "/?"]
    with STANDS[name](tmp_path, mode="enforce", secrets=(CURRENT,)) as port:
        answers = [ask(port, ((HEADER, CURRENT),), target=target) for target in targets]
    assert [json.loads(answer.body)["target"] for answer in answers] == targets


def test_envoy_says_why_it_refused(tmp_path: Path) -> None:
    right = (HEADER, CURRENT)
    with STANDS["envoy"](tmp_path, mode="enforce", secrets=(CURRENT, NEXT)) as port:
        ask(port)
        ask(port, (right, (HEADER, NEXT)))
        ask(port, (right, ("backend_secret", CURRENT)))
        ask(port, ((HEADER, f"{CURRENT}0"),))
    said = [line for line in logged(tmp_path).splitlines() if "wicketgate guard: refused" in line]
    for line, reason in zip(said, ("missing", "duplicate", "aliased", "mismatch"), strict=True):
        assert f"header {HEADER} {reason}, path " in line


@pytest.mark.parametrize("name", ["caddy", "envoy", "haproxy"])
def test_the_contract_holds_over_http2(name: str, tmp_path: Path) -> None:
    rows = [row for row in ROWS if all(value.isascii() for _, value in row.fields)]
    wrong: dict[str, int] = {}
    with (
        STANDS[name](tmp_path, mode="enforce", secrets=(CURRENT, NEXT)) as port,
        httpx.Client(http1=False, http2=True, base_url=f"http://127.0.0.1:{port}", trust_env=False) as caller,
    ):
        for row in rows:
            answer = caller.get(PATH, headers=[(field.lower(), value) for field, value in row.fields])
            assert answer.http_version == "HTTP/2"
            if answer.status_code not in row.answers:
                wrong[row.name] = answer.status_code
    assert wrong == {}


_RELOAD = {"apache": signal.SIGUSR1, "haproxy": signal.SIGUSR2, "nginx": signal.SIGHUP}
_SAVED = {proxy.name: proxy.saved_as for proxy in PROXIES}
_RELOAD_SECONDS = 10.0


@pytest.mark.parametrize("name", _RELOAD)
def test_rotation_by_the_printed_commands_and_reload(name: str, tmp_path: Path) -> None:
    with STANDS[name](tmp_path, mode="enforce", secrets=(CURRENT,)) as port:
        commands = rotation_of((tmp_path / _SAVED[name]).read_text())
        assert _statuses(port) == (200, 401)
        run_commands(tmp_path, [commands.add], NEXT)
        _reload_until(name, tmp_path, port, (200, 200))
        run_commands(tmp_path, [commands.write], NEXT)
        _reload_until(name, tmp_path, port, (401, 200))


def _statuses(port: int) -> tuple[int, ...]:
    try:
        return tuple(ask(port, ((HEADER, secret),)).status for secret in (CURRENT, NEXT))
    except OSError:  # a reload may drop a connection; what counts is how it answers after it
        return ()


def _reload_until(name: str, folder: Path, port: int, expected: tuple[int, int]) -> None:
    os.kill(int((folder / PID_FILE).read_text()), _RELOAD[name])
    deadline = time.monotonic() + _RELOAD_SECONDS
    while _statuses(port) != expected:
        assert time.monotonic() < deadline, f"still not {expected}: {logged(folder)}"
        time.sleep(0.05)
