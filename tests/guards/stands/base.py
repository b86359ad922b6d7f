"""What a stand is: a real server with a guard in it, on a port of its own."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Protocol

from wicketgate.guards import Mode

PID_FILE = "server.pid"

_START_SECONDS = 30.0
_STOP_SECONDS = 10.0


class StartError(Exception):
    """The server ended before it took a connection; the text is what it printed."""


class Stand(Protocol):
    """Serves a guarded application from `folder`.

    `secrets` are the accepted values in their file; an empty tuple leaves the file empty, None leaves it out.
    """

    def __call__(self, folder: Path, *, mode: Mode, secrets: Sequence[str] | None) -> AbstractContextManager[int]: ...


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    assert isinstance(port, int)
    return port


def logged(folder: Path) -> str:
    """Everything that the server in `folder` has printed and logged."""
    return "".join(log.read_text(errors="replace") for log in sorted(folder.glob("*.log")))


@contextmanager
def running(command: Sequence[str], *, port: int, folder: Path, environ: Mapping[str, str]) -> Iterator[int]:
    """Runs `command` in the foreground until the block ends; yields once `port` takes connections.

    Raises:
        StartError: it ended by itself, or took no connection in time.
    """
    log = folder / "output.log"
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=folder, env=dict(environ), stdout=output, stderr=output)
    try:
        (folder / PID_FILE).write_text(str(process.pid))
        _wait_until_up(process, port, folder)
        yield port
    finally:
        _stop(process)


def _wait_until_up(process: subprocess.Popen[bytes], port: int, folder: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise StartError(logged(folder))
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise StartError(f"no connection within {_START_SECONDS} s\n{logged(folder)}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
