"""The benchmark runs against real servers and refuses one that does not do the job."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
from pathlib import Path

import pytest

from bench.http_probe import await_ready, check_honest
from bench.job import Job, make_routes, sample_paths
from bench.load import run_wrk
from bench.origin import start_origin
from bench.peers.nginx import Nginx
from bench.processes import BenchError


def test_quick_run_measures_real_servers_and_writes_the_page(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "bench", "--quick", "--peers", "envoy,nginx", "--out", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    raw = json.loads((tmp_path / "benchmarks.json").read_text())
    measured = {(one["peer"], one["protocol"]) for one in raw["samples"] if one["requests"] > 100}
    assert measured == {(peer, http) for peer in ("envoy by hand", "nginx") for http in ("HTTP/1.1", "HTTP/2")}
    assert "| nginx |" in (tmp_path / "benchmarks.md").read_text()
    assert (tmp_path / "benchmarks.svg").read_text().startswith("<?xml")


def test_a_peer_with_the_wrong_secret_is_noticed(tmp_path: Path) -> None:
    core = min(os.sched_getaffinity(0))
    routes = make_routes(10, seed=1)
    paths = sample_paths(routes, seed=1)
    (tmp_path / "origin").mkdir()
    (tmp_path / "nginx").mkdir()
    origin = start_origin(tmp_path / "origin", secret=secrets.token_hex(24), next_secret="next", core=core)
    job = Job(routes, origin.port, "not the secret", tmp_path / "nginx", core)
    server = Nginx().start(job)
    try:
        with pytest.raises(BenchError, match="401"):
            await_ready(server, paths[0], seconds=1)
        with pytest.raises(BenchError, match="does not do the job"):
            check_honest("nginx", server, job, paths)
        listed = tmp_path / "paths"
        listed.write_text("\n".join(paths) + "\n")
        with pytest.raises(BenchError, match="requests failed"):
            run_wrk(server.port, listed, seconds=1, core=core)
    finally:
        server.stop()
        origin.stop()
