"""`wicket demo` on real sockets: what `make demo` promises."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from wicketgate.demo.attempts import attempts
from wicketgate.demo.processes import child_environment
from wicketgate.demo.raw_http import exchange

SECONDS = 60


def _demo(tmp_path: Path, *options: str) -> subprocess.Popen[str]:
    environ = child_environment(os.environ, TMPDIR=str(tmp_path))
    command = [sys.executable, "-m", "wicketgate.cli", "demo", *options]
    return subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_once_is_sealed_and_leaves_nothing(tmp_path: Path) -> None:
    process = _demo(tmp_path, "--once")
    out, err = process.communicate(timeout=SECONDS)
    assert (process.returncode, err) == (0, "")
    lines = out.splitlines()
    assert lines[-1] == f"sealed: {len(list(attempts()))} attempts"
    assert [line for line in lines if line.startswith("FAIL")] == []
    assert re.search(r"^ok +direct, without the secret +401", out, re.MULTILINE)
    assert re.search(r"^ok +through the gateway +200, origin saw genuine=1 other=0", out, re.MULTILINE)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_keeps_running_until_told_to_stop(tmp_path: Path, number: signal.Signals) -> None:
    process = _demo(tmp_path)
    try:
        assert process.stdout is not None
        said: list[str] = []
        for line in process.stdout:
            said.append(line)
            if line.startswith("Ctrl-C"):
                break
        port = re.search(r"gateway +curl -i http://127\.0\.0\.1:(\d+)/orders", "".join(said))
        assert port is not None, said
        assert exchange(("127.0.0.1", int(port[1])), method="GET", path="/orders", lines=[]).status == 200
        process.send_signal(number)
        assert process.wait(SECONDS) in (0, 130)
    finally:
        process.kill()
        process.communicate()
    with pytest.raises(ConnectionRefusedError):
        exchange(("127.0.0.1", int(port[1])), method="GET", path="/orders", lines=[])
    assert list(tmp_path.iterdir()) == []
