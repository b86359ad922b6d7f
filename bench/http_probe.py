"""Single requests: to know that a server serves, that its answers are right, and when a change is live."""

from __future__ import annotations

import http.client
import time
from collections.abc import Callable
from dataclasses import dataclass

from bench.job import ORIGIN_BODY, Job
from bench.processes import BenchError, Server, tail

READY_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes


class Prober:
    """One kept-alive connection; a lost one is an answer of status 0 and dialled anew."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)

    def ask(self, path: str, **headers: str) -> Answer:
        try:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            self._connection.request("GET", path, headers=named)
            response = self._connection.getresponse()
            return Answer(response.status, response.read())
        except (OSError, http.client.HTTPException):
            self._connection.close()
            return Answer(0, b"")

    def close(self) -> None:
        self._connection.close()


def wait_for(port: int, path: str, good: Callable[[Answer], bool], *, seconds: float, pause: float = 0.001) -> float:
    """Ask until an answer is `good` and return the moment (`time.perf_counter`). Raises `BenchError`."""
    prober, end = Prober(port), time.perf_counter() + seconds
    try:
        while (now := time.perf_counter()) < end:
            answer = prober.ask(path)
            if good(answer):
                return time.perf_counter()
            time.sleep(pause)
    finally:
        prober.close()
    raise BenchError(
        f"{path} was not as awaited after {seconds} s (at {now:.1f}): {answer.status} {answer.body[:200]!r}"
    )


def served(answer: Answer) -> bool:
    return answer == Answer(200, ORIGIN_BODY)


def await_ready(server: Server, path: str, *, seconds: float = READY_SECONDS) -> float:
    """Return the moment of the first right answer. Raises `BenchError` with the server's log."""
    return await_answer(server, path, served, seconds=seconds)


def await_answer(server: Server, path: str, good: Callable[[Answer], bool], *, seconds: float = READY_SECONDS) -> float:
    """Return the moment of the first answer that is `good`. Raises `BenchError` with the server's log."""

    def living(answer: Answer) -> bool:
        if server.process.poll() is not None:
            raise BenchError(f"{server.log} ended with {server.process.returncode}: {tail(server.log)}")
        return good(answer)

    return wait_for(server.port, path, living, seconds=seconds, pause=0.005)


def check_honest(name: str, server: Server, job: Job, paths: tuple[str, ...]) -> None:
    """Raise `BenchError` unless the peer does the job: right answers, one genuine header, 404 off the routes."""
    prober = Prober(server.port)
    try:
        for path in paths[:200]:
            _require(name, path, prober.ask(path), Answer(200, ORIGIN_BODY))
        _require(name, "forged header", prober.ask(paths[0], **{job.header: "forged"}), Answer(200, ORIGIN_BODY))
        missing = prober.ask("/nowhere/at/all")
        _require(name, "unknown path", Answer(missing.status, b""), Answer(404, b""))
    finally:
        prober.close()
    direct = Prober(job.origin_port)
    try:
        # To a server of TLS, a call in clear text is a bad request.
        refused = 400 if job.tls else 401
        _require("origin", "a direct call", Answer(direct.ask(paths[0]).status, b""), Answer(refused, b""))
    finally:
        direct.close()


def _require(name: str, what: str, found: Answer, wanted: Answer) -> None:
    if found != wanted:
        raise BenchError(f"{name} does not do the job: {what} gave {found}, not {wanted}")
