"""A stop under load: whatever reached the origin is answered, by HTTP/1.1 and HTTP/2."""

from __future__ import annotations

import itertools
import signal
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.live.conftest import Origin, running, write_version
from tests.live.load import Load, read_h2load


@contextmanager
def counting_origin(folder: Path) -> Iterator[tuple[Origin, itertools.count[int]]]:
    """An origin that takes ten milliseconds to answer; the counter says how many requests reached it, plus one."""
    seen = itertools.count(1)

    class Answer(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            next(seen)
            time.sleep(0.01)
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002, ARG002 - as the base has it
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield Origin(server.server_port, folder), seen
        finally:
            server.shutdown()
            thread.join(5)


@pytest.mark.parametrize("protocol", ["http1", "http2"])
def test_a_stop_under_load_loses_nothing(tmp_path: Path, protocol: str) -> None:
    project = tmp_path / "project"
    with counting_origin(tmp_path) as (origin, seen):
        write_version(project, origin, 0)
        (project / ".env").write_text("BACKEND_SECRET=any\n")
        with running(project) as gateway:
            answered = _CALLERS[protocol](f"{gateway.url}/hello", partial(_stopped, gateway.process))
        assert answered > 100
        assert answered == next(seen) - 1


def _stopped(gateway: subprocess.Popen[bytes]) -> None:
    time.sleep(1)
    gateway.send_signal(signal.SIGTERM)
    began = time.monotonic()
    assert gateway.wait(20) == 0
    assert time.monotonic() - began < 5, "callers that keep asking must not hold up a stop"


def _by_http1(url: str, meanwhile: Callable[[], None]) -> int:
    """Ask by curl, which opens connections anew as the gateway asks it to, until one is refused."""
    until_refused = ["--fail-early", "--max-time", "60", "-o", "/dev/null", "-w", "%{http_code}\n"]
    callers = [_started(["curl", "-s", *until_refused, f"{url}?[1-1000000]"]) for _ in range(4)]
    meanwhile()
    answers = Counter(line for caller in callers for line in caller.communicate(timeout=20)[0].splitlines())
    assert answers.keys() <= {"200", "000"}, "no caller may be told of the stop by an error status"
    return answers["200"]


def _by_http2(url: str, meanwhile: Callable[[], None]) -> int:
    """Ask by h2load, which sends nothing more on a connection that got GOAWAY."""
    caller = _started(["h2load", "-t1", "-c4", "-m2", "-D3", url])
    meanwhile()
    load = Load()
    read_h2load(load, caller.communicate(timeout=20)[0])
    assert load.failed == 0, load.report
    return load.completed


_CALLERS = {"http1": _by_http1, "http2": _by_http2}


def _started(command: list[str]) -> subprocess.Popen[str]:
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
