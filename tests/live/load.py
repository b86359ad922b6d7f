"""Constant load by wrk (HTTP/1.1) and h2load (HTTP/2), and how much of it failed."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class Load:
    """Filled in when the load has ended. `failed` counts everything that was not a 2xx, or no answer at all."""

    completed: int = 0
    failed: int = 0
    report: str = field(default="", repr=False)


@contextmanager
def under_load(url: str, *, seconds: int) -> Iterator[tuple[Load, Load]]:
    """Load `url` with both protocols while the block runs, for `seconds` at the most."""
    wrk = ["wrk", "-t1", "-c4", f"-d{seconds}s", "--timeout", "5s", url]
    h2load = ["h2load", "-t1", "-c2", "-m2", f"-D{seconds}", "-T", "5s", "-N", "5s", url]
    processes = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        for command in (wrk, h2load)
    ]
    loads = (Load(), Load())
    try:
        yield loads
        for process in processes:
            assert process.poll() is None, "the load ended before the test did: give it more seconds"
    finally:
        reports = [process.communicate(timeout=seconds + 30)[0] for process in processes]
        _read_wrk(loads[0], reports[0])
        read_h2load(loads[1], reports[1])


def _read_wrk(load: Load, report: str) -> None:
    load.report = report
    load.completed = int(_number(r"(\d+) requests in", report))
    errors = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", report)
    load.failed = int(_number(r"Non-2xx or 3xx responses: (\d+)", report, missing="0"))
    load.failed += sum(map(int, errors.groups())) if errors else 0


def read_h2load(load: Load, report: str) -> None:
    """Fill in `load` from what h2load printed."""
    load.report = report
    counts = re.search(r"(\d+) done, (\d+) succeeded, (\d+) failed, (\d+) errored, (\d+) timeout", report)
    assert counts, report
    load.completed = int(counts[1])
    statuses = re.search(r"status codes: (\d+) 2xx", report)
    assert statuses, report
    load.failed = int(counts[3]) + int(counts[4]) + int(counts[5]) + max(0, load.completed - int(statuses[1]))


def _number(pattern: str, text: str, *, missing: str | None = None) -> str:
    match = re.search(pattern, text)
    if match:
        return match[1]
    assert missing is not None, text
    return missing
