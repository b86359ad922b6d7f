"""A gateway as a user runs it (`wicket run`), an origin with the real guard, and real load."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.support.project import handler, operation, policy, write_project
from wicketgate.supervise.unix_http import unix_request

FIRST_SECRET = "the-first-secret-of-this-origin"
ENVOY = "--drain-time-s"
"""What only the command line of Envoy has."""

_LISTENING = re.compile(r"listening on https?://127\.0\.0\.1:(\d+)")
_PRIVATE = re.compile(r"metrics and health on http://127\.0\.0\.1:(\d+)")


@dataclass
class Origin:
    """uvicorn with the Python guard, in a process of its own; `accepted` is the file that the guard reads."""

    port: int
    accepted: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@pytest.fixture
def origin(tmp_path: Path) -> Iterator[Origin]:
    accepted = tmp_path / "accepted"
    accepted.write_text(f"{FIRST_SECRET}\n")
    announced = tmp_path / "origin.port"
    command = [sys.executable, "-m", "tests.live.guarded_origin", str(accepted), str(announced)]
    process = subprocess.Popen(command)
    try:
        yield Origin(int(until(lambda: announced.exists() and announced.read_text())), accepted)
    finally:
        process.kill()
        process.wait(10)


def until(check: Callable[[], Any], *, seconds: float = 15.0, every: float = 0.01) -> Any:
    """Return the first true answer; fail when the time is up."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if answer := check():
            return answer
        time.sleep(every)
    raise AssertionError(f"not within {seconds} s")


@dataclass
class Running:
    """A `wicket run`."""

    process: subprocess.Popen[bytes]
    project: Path
    out: Path
    err: Path
    port: int = 0
    private: int = 0
    children: dict[str, int] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def status(self) -> Any:
        return json.loads(unix_request(self.project / ".wicket/run/control.sock", "GET", "/status").body)

    def reload(self) -> Any:
        reply = unix_request(self.project / ".wicket/run/control.sock", "POST", "/reload", seconds=20)
        return json.loads(reply.body)

    def get(self, path: str, *, private: bool = False) -> tuple[int, str]:
        return fetch(f"http://127.0.0.1:{self.private if private else self.port}{path}")

    def child(self, word: str) -> int:
        """Return the pid of the child whose command line has `word`."""
        return int(until(lambda: next(iter(children(self.process.pid, word)), 0)))


def fetch(url: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 - our own gateway
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()
    except OSError as error:
        return 0, str(error)


def fetch_header(url: str, name: str) -> str:
    with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 - our own gateway
        return str(answer.headers[name])


def children(parent: int, word: str) -> list[int]:
    """Return the pids of live children whose command line has `word`."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
                command = (entry / "cmdline").read_bytes().decode(errors="replace")
            except OSError:
                continue
            if int(fields[1]) == parent and fields[0] != "Z" and word in command:
                found.append(int(entry.name))
    return found


@contextmanager
def running(project: Path, *, command: str = "run", listen: str = "127.0.0.1:0") -> Iterator[Running]:
    """Start `wicket run` (or `dev`) on the project and wait until it serves."""
    out, err = project / "out.log", project / "err.log"
    line = [sys.executable, "-m", "wicketgate.cli", command, "--project", str(project), "--listen", listen]
    with out.open("wb") as stdout, err.open("wb") as stderr:
        process = subprocess.Popen(line, stdout=stdout, stderr=stderr)
    gateway = Running(process, project, out, err)
    try:
        gateway.port = int(until(lambda: _announced(gateway, _LISTENING)))
        gateway.private = int(until(lambda: _announced(gateway, _PRIVATE)))
        yield gateway
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(10)


def _announced(gateway: Running, words: re.Pattern[str]) -> str:
    assert gateway.process.poll() is None, gateway.err.read_text()[-3000:]
    match = words.search(gateway.out.read_text() + gateway.err.read_text())
    return match[1] if match else ""


@pytest.fixture
def project(tmp_path: Path, origin: Origin) -> Path:
    """A project with one sealed route, its secret in `.env`, one worker, and no access log."""
    folder = tmp_path / "project"
    write_version(folder, origin, 0)
    (folder / ".env").write_text(f"BACKEND_SECRET={FIRST_SECRET}\n")
    return folder


def write_version(folder: Path, origin: Origin, number: int) -> None:
    """Write the project so that responses carry `x-version: NUMBER`."""
    forward = handler("urlForwardHandler", baseUrl=origin.url)
    secret = [{"name": "backend-secret", "value": "$env(BACKEND_SECRET)"}]
    version = [{"name": "x-version", "value": str(number)}]
    write_project(
        folder,
        {"/hello": {"get": operation(forward, inbound=["secret"], outbound=["version"])}},
        policies=[
            policy("secret", "set-headers-inbound", "SetHeadersInboundPolicy", headers=secret),
            policy("version", "set-headers-outbound", "SetHeadersOutboundPolicy", headers=version),
        ],
        toml='[envoy]\nconcurrency = 1\ndrain_seconds = 5\n[log]\naccess = "off"\n',
    )
