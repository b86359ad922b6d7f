"""How long a route stays away once the provider of its token is back."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace

from bench.http_probe import Answer, await_ready, served, wait_for
from bench.job import Job, Proof
from bench.many_tokens import path_of, write_project
from bench.measured import Timing
from bench.origin import start_token_origin
from bench.peers.wicketgate import serve
from bench.plan import Plan
from bench.processes import Server
from bench.token_provider import TokenProvider, token_provider

RECOVERED = "provider back: its route answers again"

_LIFE = 3.0
_LOST_SECONDS = 20.0
_OUTAGE = 15.0
"""Seconds: the pauses between attempts have become as long as they get."""


def recoveries(job: Job, plan: Plan) -> Iterator[Timing]:
    """Take the provider away until the token has ended and its pauses are the longest; then give it back."""
    origin_folder = job.folder / "origin"
    origin_folder.mkdir()
    origin = start_token_origin(origin_folder, token=job.secret, core=plan.load_core)
    try:
        with token_provider(job.secret, life=_LIFE) as provider:
            own = replace(job, proof=Proof.TOKEN, origin_port=origin.port, provider=provider.url)
            write_project(own, 1)
            yield from _measured(own, provider, times=plan.starts, outage=_OUTAGE if plan.warm_up else 1.0)
    finally:
        origin.stop()


def _measured(job: Job, provider: TokenProvider, *, times: int, outage: float) -> Iterator[Timing]:
    server = serve(job, "run")
    try:
        await_ready(server, path_of(0))
        for _ in range(times):
            yield Timing(RECOVERED, 1, _recovery(server, provider, outage) * 1e3)
    finally:
        server.stop()


def _recovery(server: Server, provider: TokenProvider, outage: float) -> float:
    provider.down = True
    wait_for(server.port, path_of(0), _is_missing, seconds=_LOST_SECONDS)
    time.sleep(outage)
    provider.down, began = False, time.perf_counter()
    return wait_for(server.port, path_of(0), served, seconds=_LOST_SECONDS) - began


def _is_missing(answer: Answer) -> bool:
    return answer.status == 503 and b"credential-missing" in answer.body
