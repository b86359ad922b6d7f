"""Wicketgate's own waits: from start to the first answer, and from a change to the answer that shows it."""

from __future__ import annotations

import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from bench.http_probe import await_ready, served, wait_for
from bench.job import Job
from bench.measured import Timing
from bench.origin import is_next
from bench.peers.program import find_program
from bench.peers.wicketgate import SECRET_VARIABLE, document, serve, write_project
from bench.processes import BenchError, Server

Act = Callable[[Job, Server], subprocess.Popen[bytes] | None]
LIVE_SECONDS = 60.0
START = "start to first answer"
SIGHUP = "file written, SIGHUP: live"
RELOAD = "file written, `wicket reload`: live"
WATCHED = "file written under `wicket dev`: live"
SECRET = "`wicket env set`: live"  # noqa: S105 - a label
_SETTLE = 0.5


def starts(job: Job, times: int) -> Iterator[Timing]:
    """Start `wicket run` again and again, each time with no state left from before."""
    for _ in range(times):
        shutil.rmtree(job.folder / ".wicket", ignore_errors=True)
        began = time.perf_counter()
        with _serving(job, "run") as (first, _):
            yield Timing(START, len(job.routes), (first - began) * 1e3)


def changes(job: Job, times: int) -> Iterator[Timing]:
    """Change the project under `wicket run` (both ways of reloading) and under `wicket dev`."""
    with _serving(job, "run") as (_, server):
        yield from _repeat(SIGHUP, job, server, _hang_up, times=times)
        yield from _repeat(RELOAD, job, server, _reload, times=times)
    with _serving(job, "dev") as (_, server):
        yield from _repeat(WATCHED, job, server, _nothing, times=times)


def secrets(job: Job, next_secret: str, times: int) -> Iterator[Timing]:
    """Set the secret to another value and back; the origin's answer tells which one came."""
    write_project(job, env_file={})
    _finish(_set_secret(job, job.secret))
    with _serving(job, "run") as (_, server):
        for number in range(times):
            value, good = (next_secret, is_next) if number % 2 == 0 else (job.secret, served)
            time.sleep(_SETTLE)
            began = time.perf_counter()
            process = _set_secret(job, value)
            live = wait_for(server.port, job.routes[0].path(1), good, seconds=LIVE_SECONDS)
            _finish(process)
            yield Timing(SECRET, len(job.routes), (live - began) * 1e3)


@contextmanager
def _serving(job: Job, command: str) -> Iterator[tuple[float, Server]]:
    server = serve(job, command)
    try:
        yield await_ready(server, job.routes[0].path(1)), server
    finally:
        server.stop()


def _repeat(what: str, job: Job, server: Server, act: Act, *, times: int) -> Iterator[Timing]:
    """Put one more route into the document, a new one each time, and wait for its first answer."""
    target = job.folder / "config" / "routes.oas.json"
    for number in range(times):
        path = f"/{act.__name__.strip('_')}-{number}"
        # Beside the project, not in it: the watched folder sees one change, the finished file.
        written = job.folder.parent / f"{job.folder.name}.oas.json"
        written.write_text(document(job.routes, path))
        time.sleep(_SETTLE)
        began = time.perf_counter()
        written.replace(target)
        process = act(job, server)
        live = wait_for(server.port, path, served, seconds=LIVE_SECONDS)
        if process is not None:
            _finish(process)
        yield Timing(what, len(job.routes), (live - began) * 1e3)


def _hang_up(job: Job, server: Server) -> None:  # noqa: ARG001 - one signature for every way
    server.process.send_signal(signal.SIGHUP)


def _reload(job: Job, server: Server) -> subprocess.Popen[bytes]:  # noqa: ARG001
    return _command(job, "reload")


def _nothing(job: Job, server: Server) -> None:
    """The watcher sees it by itself."""


def _set_secret(job: Job, value: str) -> subprocess.Popen[bytes]:
    process = _command(job, "env", "set", SECRET_VARIABLE, "--secret")
    assert process.stdin is not None
    process.stdin.write(value.encode() + b"\n")
    process.stdin.close()
    return process


def _command(job: Job, *words: str) -> subprocess.Popen[bytes]:
    command = [find_program("wicket"), "--project", str(job.folder), *words]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def _finish(process: subprocess.Popen[bytes]) -> None:
    # A few lines at most, which the pipe holds until now; stdin may be closed already.
    said = process.stdout.read().decode(errors="replace") if process.stdout else ""
    if code := process.wait(LIVE_SECONDS):
        raise BenchError(f"{process.args!r} ended with {code}: {said[-1500:]}")
