"""The two processes of the demo: the sample origin and the gateway. No secret is an argument of either."""

from __future__ import annotations

import os
import queue
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from wicketgate.errors import WicketError
from wicketgate.supervise.parent_death import ending_with

START_SECONDS = 30.0
STOP_SECONDS = 15.0
_LISTENING = re.compile(r"^listening on (?:\w+://)?(\S+):(\d+)")


class StartError(WicketError):
    """The gateway ended, or said nothing, before it served. `log` is what it printed."""

    exit_code = 3

    def __init__(self, log: str) -> None:
        super().__init__("the gateway did not start", hint="run `wicket doctor`")
        self.log = log


@contextmanager
def sample_origin(secret_file: Path, environ: Mapping[str, str], *, log: Path) -> Iterator[tuple[str, int]]:
    """Run the guarded sample origin on a free loopback port and yield its address; its words go to `log`."""
    with log.open("wb") as written, socket.create_server(("127.0.0.1", 0), backlog=128) as listening:
        descriptor = listening.fileno()
        command = [sys.executable, "-m", "wicketgate.demo.sample_origin", str(descriptor)]
        environment = {**environ, "BACKEND_SECRET_FILE": str(secret_file)}
        process = subprocess.Popen(
            command,
            env=environment,
            pass_fds=(descriptor,),
            preexec_fn=ending_with(os.getpid()),
            process_group=0,
            stdout=written,
            stderr=written,
        )
        address = listening.getsockname()
    # Only the child holds the socket now: when it dies, connections are refused instead of waiting for ever.
    try:
        yield str(address[0]), int(address[1])
    finally:
        stop(process)


@contextmanager
def gateway(project: Path, environ: Mapping[str, str], *, log: Path) -> Iterator[tuple[str, int]]:
    """Run `wicket run` on `project` and a free loopback port; yield its address once it serves.

    Everything it prints goes to the file `log`. Raises `StartError`.
    """
    command = [
        sys.executable,
        "-m",
        "wicketgate.cli",
        "run",
        "--project",
        str(project),
        "--listen",
        "127.0.0.1:0",
    ]
    with log.open("w") as written:
        process = subprocess.Popen(
            command,
            env=dict(environ),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            bufsize=1,
            preexec_fn=ending_with(os.getpid()),
            process_group=0,
        )
        found: queue.Queue[tuple[str, int] | None] = queue.Queue()
        # The pipe is drained for as long as the gateway runs, or the gateway would stop when it is full.
        drain = threading.Thread(target=_drain, args=(process, written, found), daemon=True)
        drain.start()
        try:
            yield _first(found, log)
        finally:
            stop(process)
            drain.join()


def _first(found: queue.Queue[tuple[str, int] | None], log: Path) -> tuple[str, int]:
    try:
        address = found.get(timeout=START_SECONDS)
    except queue.Empty:
        address = None
    if address is None:
        raise StartError(log.read_text())
    return address


def _drain(process: subprocess.Popen[str], log: IO[str], found: queue.Queue[tuple[str, int] | None]) -> None:
    assert process.stdout is not None  # noqa: S101 - it was asked for as a pipe
    with process.stdout:
        for line in process.stdout:
            log.write(line)
            log.flush()
            if match := _LISTENING.match(line):
                found.put((match[1].strip("[]"), int(match[2])))
    found.put(None)


def stop(process: subprocess.Popen[str] | subprocess.Popen[bytes]) -> None:
    """End a process politely, and for certain."""
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def child_environment(environ: Mapping[str, str], **more: str) -> dict[str, str]:
    """Return the environment for a child: ours without anything that configures a gateway, and `more`."""
    kept = {name: value for name, value in environ.items() if not name.startswith(("WICKET_", "BACKEND_SECRET"))}
    kept.pop("ORIGIN_URL", None)
    return {**kept, "PYTHONUNBUFFERED": "1", **more}


def private_folder(path: Path) -> Path:
    """Make a folder that only this user may enter."""
    path.mkdir(mode=0o700)
    os.chmod(path, 0o700)  # noqa: PTH101 - the umask must not have a say
    return path
