"""The load generators: wrk for HTTP/1.1 and h2load for HTTP/2 in clear text, both with 32 requests in flight."""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from bench.processes import BenchError

IN_FLIGHT = 32
_H2_CONNECTIONS = 8
_TRIES = 3
"""A run in which not one request was sent or answered measured the machine, which did something else."""
_SCRIPT = Path(__file__).with_name("requests.lua")
_COUNTS = re.compile(r"^requests: (\d+) total, .* (\d+) done, (\d+) succeeded, (\d+) failed, (\d+) errored", re.M)
_STATUS = re.compile(r"^status codes: (\d+) 2xx, (\d+) 3xx, (\d+) 4xx, (\d+) 5xx", re.M)


@dataclass(frozen=True, slots=True)
class Load:
    """What one run saw: latencies in milliseconds, `seconds` of load."""

    requests: int
    seconds: float
    p50: float
    p99: float

    @property
    def rate(self) -> float:
        return self.requests / self.seconds


def run_wrk(port: int, paths: Path, *, seconds: int, core: int) -> Load:
    """Run wrk for `seconds`, again when it got no turn at all. Raises `BenchError` when a single request fails."""
    command = ["wrk", "-t1", f"-c{IN_FLIGHT}", f"-d{seconds}s", "-s", str(_SCRIPT), f"http://127.0.0.1:{port}"]
    for _ in range(_TRIES):
        output = _run([*command, "--", str(paths)], core=core, seconds=seconds)
        line = next((text for text in output.splitlines() if text.startswith("RESULT ")), None)
        if line is None:
            raise BenchError(f"wrk said nothing: {output[-1500:]}")
        result = json.loads(line.removeprefix("RESULT "))
        if result["requests"] or result["failed"]:
            break
    if result["failed"] or not result["requests"]:
        raise BenchError(f"{result['failed']} of {result['requests']} requests failed: {output[-1500:]}")
    return Load(result["requests"], result["microseconds"] / 1e6, result["p50"] / 1e3, result["p99"] / 1e3)


def run_h2load(port: int, paths: Path, *, seconds: int, core: int) -> Load:
    """Run h2load for `seconds`. Raises `BenchError` when a single request fails."""
    uris, log = paths.with_suffix(".uris"), paths.with_suffix(".h2log")
    uris.write_text("".join(f"http://127.0.0.1:{port}{path}\n" for path in paths.read_text().split()))
    log.unlink(missing_ok=True)
    command = ["h2load", f"-c{_H2_CONNECTIONS}", f"-m{IN_FLIGHT // _H2_CONNECTIONS}", "-t1", f"-D{seconds}"]
    output = _run([*command, "-p", "h2c", f"--log-file={log}", "-i", str(uris)], core=core, seconds=seconds)
    counts, status = _COUNTS.search(output), _STATUS.search(output)
    if counts is None or status is None:
        raise BenchError(f"h2load said nothing: {output[-1500:]}")
    _, done, succeeded, failed, errored = map(int, counts.groups())
    good, *others = map(int, status.groups())
    # Answers cut off by the end of the run have a status and are not done.
    if failed or errored or any(others) or succeeded != done or good < done or not done:
        raise BenchError(f"requests failed: {output[-1500:]}")
    latencies = sorted(int(line.split("\t")[2]) / 1e3 for line in log.read_text().splitlines())
    return Load(done, float(seconds), _at(latencies, 0.5), _at(latencies, 0.99))


def _at(ordered: list[float], part: float) -> float:
    return ordered[min(int(len(ordered) * part), len(ordered) - 1)]


def _run(command: list[str], *, core: int, seconds: int) -> str:
    pinned = ["taskset", "--cpu-list", str(core), *command]
    done = subprocess.run(pinned, capture_output=True, text=True, timeout=seconds + 30, check=False)
    if done.returncode:
        raise BenchError(f"{command[0]} ended with {done.returncode}: {done.stderr[-1500:]}")
    return done.stdout
