"""Find the peers' programs and ask for their versions."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from bench.processes import BenchError


def find_program(name: str) -> str:
    """Return the path of a program beside this Python or on PATH. Raises `BenchError` with where to get it."""
    beside = Path(sys.executable).with_name(name)
    found = str(beside) if beside.exists() else shutil.which(name)
    if found is None:
        raise BenchError(f"{name} is not installed: run `make install-dev system`")
    return found


def first_line(*command: str) -> str:
    """Return the first line with text that `command` prints, whatever its exit code (wrk's for its version is 1)."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    lines = (done.stdout + done.stderr).splitlines()
    return next(line.strip() for line in lines if line.strip())
