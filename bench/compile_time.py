"""How long a compile takes: by the command, and inside a warm process, as the running gateway does it."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from bench.job import Job
from bench.measured import Timing
from bench.peers.program import find_program
from bench.processes import BenchError

COMMAND = "`wicket compile`, the whole command"
WARM = "compile in a warm process"


def compiles(job: Job, times: int) -> Iterator[Timing]:
    """Compile the project in the job's folder `times` times each way."""
    for _ in range(times):
        began = time.perf_counter()
        _output(job.core, find_program("wicket"), "--project", str(job.folder), "compile")
        yield Timing(COMMAND, len(job.routes), (time.perf_counter() - began) * 1e3)
    output = _output(job.core, sys.executable, "-m", "bench.compile_time", str(job.folder), str(times))
    for seconds in json.loads(output):
        yield Timing(WARM, len(job.routes), seconds * 1e3)


def _output(core: int, *command: str) -> str:
    pinned = ["taskset", "--cpu-list", str(core), *command]
    done = subprocess.run(pinned, capture_output=True, text=True, timeout=120, check=False)
    if done.returncode:
        raise BenchError(f"{' '.join(command)} ended with {done.returncode}: {done.stderr[-1500:]}")
    return done.stdout


def _timed(folder: Path) -> float:
    from wicketgate.compile import compile_project
    from wicketgate.variables import open_variables

    began = time.perf_counter()
    variables = open_variables(folder, state=folder / ".wicket", environment="production")
    compiled = compile_project(folder, variables=variables)
    seconds = time.perf_counter() - began
    if not compiled.ok:
        raise BenchError(f"{folder} does not compile: {compiled.diagnostics[:3]}")
    return seconds


if __name__ == "__main__":
    _timed(Path(sys.argv[1]))
    print(json.dumps([_timed(Path(sys.argv[1])) for _ in range(int(sys.argv[2]))]))
