"""Wicketgate with many credentials, each a token of its own: memory, start, and what a renewal costs."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from bench.http_probe import await_ready, served, wait_for
from bench.job import CLIENT, Job, Proof
from bench.measured import Memory, Timing
from bench.origin import start_token_origin
from bench.peers.wicketgate import SETTINGS, Wicketgate, serve
from bench.plan import Plan
from bench.processes import Server
from bench.token_provider import TokenProvider, token_provider

READY = "start to every route answered, a token for each"
RENEWAL = "CPU of one renewal: "
TOKENS = "tokens"
"""What `Memory.when` says of these."""

_MODULE = "$import(@zuplo/runtime)"
_DAY = 86_400.0
_READY_SECONDS = 300.0
_ASKED = 200


def many_tokens(job: Job, count: int, plan: Plan) -> Iterator[Timing | Memory]:
    """Measure with `count` tokens. The fewest of the plan live half a minute each, and renewals are measured."""
    renews = count == plan.certificates[0]
    life = 30.0 if plan.warm_up else 5.0
    origin = start_token_origin(_own(job, "origin"), token=job.secret, core=plan.load_core)
    try:
        with token_provider(job.secret, life=life if renews else _DAY) as provider:
            own = replace(job, proof=Proof.TOKEN, origin_port=origin.port, provider=provider.url)
            write_project(own, count)
            yield from _measured(own, count, provider, renews=renews)
    finally:
        origin.stop()


def _own(job: Job, name: str) -> Path:
    folder = job.folder / name
    folder.mkdir()
    return folder


def _measured(job: Job, count: int, provider: TokenProvider, *, renews: bool) -> Iterator[Timing | Memory]:
    began = time.perf_counter()
    server = serve(job, "run")
    try:
        await_ready(server, path_of(0), seconds=_READY_SECONDS)
        yield Timing(READY, count, (_all_served(server, count) - began) * 1e3)
        for program, usage in server.memory().items():
            yield Memory(Wicketgate.name, count, program, TOKENS, usage.resident, usage.proportional)
        if renews:
            yield from _renewals(server, provider, count)
            _all_served(server, count)
    finally:
        server.stop()


def _all_served(server: Server, count: int) -> float:
    """Wait for routes spread over all of them; return the moment of the last one's answer."""
    numbers = range(0, count, max(1, count // _ASKED))
    return max(wait_for(server.port, path_of(number), served, seconds=_READY_SECONDS) for number in numbers)


def _renewals(server: Server, provider: TokenProvider, count: int) -> Iterator[Timing]:
    """Once about all tokens have been renewed a first time, look at the CPU of as many renewals again."""
    provider.await_given(2 * count)
    given, before = provider.given, server.cpu()
    provider.await_given(3 * count)
    renewed, after = provider.given - given, server.cpu()
    for program, seconds in after.items():
        yield Timing(f"{RENEWAL}{program}", count, (seconds - before.get(program, 0.0)) * 1e3 / renewed)


def write_project(job: Job, count: int) -> None:
    """Write a project whose routes have a token each."""
    (job.folder / "config").mkdir()
    job.write("wicket.toml", SETTINGS)
    job.write(".env", f"ORIGIN_URL=http://127.0.0.1:{job.origin_port}\nCLIENT_SECRET={job.secret}\n")
    policies = [_policy(number, job.provider) for number in range(count)]
    job.write("config/policies.json", json.dumps({"policies": policies}))
    paths = {path_of(number): {"get": _operation(number)} for number in range(count)}
    document = {"openapi": "3.1.0", "info": {"title": "bench", "version": "1"}, "paths": paths}
    job.write("config/routes.oas.json", json.dumps(document))


def _policy(number: int, provider: str) -> dict[str, Any]:
    client = {"clientId": CLIENT, "clientSecret": "$env(CLIENT_SECRET)", "audience": _name(number)}
    options = {"tokenUrl": provider, **client}
    export = "UpstreamOAuthClientCredentialsInboundPolicy"
    handler = {"export": export, "module": _MODULE, "options": options}
    return {"name": _name(number), "policyType": "upstream-oauth-client-credentials-inbound", "handler": handler}


def _operation(number: int) -> dict[str, Any]:
    forward = {"export": "urlForwardHandler", "module": _MODULE, "options": {"baseUrl": "${env.ORIGIN_URL}"}}
    return {
        "operationId": f"op{number}",
        "responses": {"200": {"description": "The origin's answer"}},
        "x-zuplo-route": {"handler": forward, "policies": {"inbound": [_name(number)]}},
    }


def _name(number: int) -> str:
    return f"token{number:05d}"


def path_of(number: int) -> str:
    """Return where the route with this token is."""
    return f"/{_name(number)}"
