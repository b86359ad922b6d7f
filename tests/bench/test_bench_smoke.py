"""The benchmark runs against real servers and refuses one that does not do the job."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bench.credentials import make_credentials
from bench.http_probe import await_ready, check_honest
from bench.job import Job, make_routes, sample_paths
from bench.load import run_wrk
from bench.many_certificates import REPLACED, STARTED, many_certificates
from bench.measured import MUTUAL_FRESH, MUTUAL_KEPT, PROTOCOLS, SIGNED, TOKEN, Memory, Timing
from bench.mutual_origin import MutualOrigin, start_mutual_origin
from bench.mutual_proof import check_origin, check_peer
from bench.origin import start_origin
from bench.peers.nginx import Nginx
from bench.plan import make_plan
from bench.processes import BenchError, Server, spawn
from bench.throughput import Entrant, measure


def test_quick_run_measures_real_servers_and_writes_the_page(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "bench", "--quick", "--peers", "envoy,nginx", "--out", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    raw = json.loads((tmp_path / "benchmarks.json").read_text())
    measured = {(one["peer"], one["protocol"]) for one in raw["samples"] if one["requests"] > 100}
    proving = {("nginx", kind) for kind in (TOKEN, SIGNED)}
    assert measured == {(peer, kind) for peer in ("envoy by hand", "nginx") for kind in PROTOCOLS} - proving
    fresh = [one for one in raw["samples"] if one["protocol"] == MUTUAL_FRESH]
    assert all(one["connections"] >= one["requests"] for one in fresh)
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


class _Unverifying:
    """nginx with mutual TLS that takes any server for the origin."""

    name = "unverifying"

    def start(self, job: Job) -> Server:
        server = Nginx().start(job)
        server.stop()
        config = job.folder / "nginx.conf"
        config.write_text(config.read_text().replace("proxy_ssl_verify on", "proxy_ssl_verify off"))
        command = ["nginx", "-p", str(job.folder), "-e", "stderr", "-c", str(config)]
        return Server(spawn(command, core=job.core, log=server.log), server.port, None, server.log)

    def version(self) -> str:
        return Nginx().version()

    def routing(self, count: int) -> str:
        return Nginx().routing(count)


@pytest.fixture
def mutual(tmp_path: Path) -> Iterator[tuple[MutualOrigin, Job]]:
    core = min(os.sched_getaffinity(0))
    (tmp_path / "origin").mkdir()
    (tmp_path / "peer").mkdir()
    credentials, secret = make_credentials(tmp_path / "origin"), secrets.token_hex(24)
    origin = start_mutual_origin(tmp_path / "origin", credentials, secret=secret, core=core)
    job = Job(make_routes(10, seed=1), origin.fresh, secret, tmp_path / "peer", core, credentials.client)
    try:
        yield origin, job
    finally:
        origin.server.stop()


def test_a_peer_that_verifies_nothing_is_noticed(mutual: tuple[MutualOrigin, Job]) -> None:
    origin, job = mutual
    check_origin(origin)
    check_peer(Nginx(), job, origin, job.routes[0].path(1))
    with pytest.raises(BenchError, match="takes an origin with a certificate of another authority"):
        check_peer(_Unverifying(), replace(job, folder=job.folder.with_name("open")), origin, job.routes[0].path(1))


def test_connections_are_counted_at_the_origin(mutual: tuple[MutualOrigin, Job], tmp_path: Path) -> None:
    origin, job = mutual
    plan = make_plan(quick=True, seed=1)
    paths = tmp_path / "paths"
    paths.write_text(f"{job.routes[0].path(1)}\n")
    server = Nginx().start(job)
    try:
        await_ready(server, job.routes[0].path(1))
        entrant = Entrant("nginx", 10, server, paths, (MUTUAL_KEPT,), origin)
        with pytest.raises(BenchError, match="connections for"):
            list(measure([entrant], plan, say=print))
    finally:
        server.stop()


def test_every_origin_is_shown_its_own_certificate(mutual: tuple[MutualOrigin, Job]) -> None:
    origin, job = mutual
    found = list(many_certificates(job, origin, 3, make_plan(quick=True, seed=1)))
    assert {one.what for one in found if isinstance(one, Timing)} == {STARTED, REPLACED}
    assert {"envoy", "control plane"} <= {one.program for one in found if isinstance(one, Memory)}
