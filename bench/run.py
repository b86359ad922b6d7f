"""The whole run: throughput first, then Wicketgate's own waits, each on a machine that does nothing else."""

from __future__ import annotations

import os
import secrets
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from bench.compile_time import compiles
from bench.credentials import make_credentials
from bench.job import Job, make_routes
from bench.live import changes, starts
from bench.live import secrets as secret_changes
from bench.machine import describe_machine
from bench.many_certificates import many_certificates
from bench.many_tokens import many_tokens
from bench.measured import Measured, Timing
from bench.mutual_origin import MutualOrigin, start_mutual_origin
from bench.origin import start_origin
from bench.peers.peer import Peer
from bench.peers.wicketgate import SECRET_VARIABLE, SHELL_VARIABLES, write_project
from bench.plan import Plan
from bench.recovery import recoveries
from bench.targets import OURS
from bench.throughput import Say, measure, memory_of, running, running_mutual, running_proofs

_IDLE_SECONDS = 2.0


def run(peers: Sequence[Peer], plan: Plan, *, say: Say) -> Measured:
    """Measure everything that `plan` asks for. Raises `BenchError` when any request or any peer fails."""
    measured = _empty(peers, plan)
    os.sched_setaffinity(0, {plan.load_core})
    for name in SHELL_VARIABLES:
        os.environ.pop(name, None)
    next_secret = secrets.token_hex(24)
    with _base(plan, next_secret) as base, _mutual(plan, base) as origin:
        with (
            running(peers, plan, base, say=say) as entrants,
            running_mutual(peers, plan, base, origin, say=say) as mutual,
            running_proofs(peers, plan, base, say=say) as proving,
        ):
            time.sleep(_IDLE_SECONDS * plan.warm_up)
            measured.memory.extend(memory_of(entrants, "idle"))
            measured.samples.extend(measure([*entrants, *mutual, *proving], plan, say=say))
            measured.memory.extend(memory_of(entrants, "loaded"))
        if any(peer.name == OURS for peer in peers):
            for count in plan.counts:
                measured.timings.extend(_waits(count, plan, base, next_secret, say=say))
            measured.timings.extend(_said(recoveries(_own(base, "recovery"), plan), say))
            for count in plan.certificates:
                own = _own(base, f"certificates-{count}")
                for one in many_certificates(own, origin, count, plan):
                    measured.keep(one)
                say(f"{count} client certificates measured")
                for one in many_tokens(_own(base, f"tokens-{count}"), count, plan):
                    measured.keep(one)
                say(f"{count} tokens measured")
    return measured


def _waits(count: int, plan: Plan, base: Job, next_secret: str, *, say: Say) -> Iterator[Timing]:
    folder = base.folder / f"waits-{count}"
    folder.mkdir()
    job = Job(make_routes(count, seed=plan.seed), base.origin_port, base.secret, folder, plan.core)
    write_project(job, env_file={SECRET_VARIABLE: job.secret})
    yield from _said(starts(job, plan.starts), say)
    yield from _said(compiles(job, plan.compiles), say)
    if count in (plan.counts[0], plan.counts[-1]):
        times = plan.changes if count == plan.counts[0] else plan.changes // 2
        yield from _said(changes(job, times), say)
        yield from _said(secret_changes(job, next_secret, times), say)


def _said(timings: Iterator[Timing], say: Say) -> Iterator[Timing]:
    for one in timings:
        say(f"{one.what}, {one.routes} routes: {one.milliseconds:,.0f} ms")
        yield one


@contextmanager
def _base(plan: Plan, next_secret: str) -> Iterator[Job]:
    """Make the scratch folder and start the origin; the secrets are made for this run alone."""
    with tempfile.TemporaryDirectory(prefix="wicket-bench-") as name:
        folder, secret = Path(name), secrets.token_hex(24)
        own = folder / "origin"
        own.mkdir()
        origin = start_origin(own, secret=secret, next_secret=next_secret, core=plan.load_core)
        try:
            yield Job((), origin.port, secret, folder, plan.core)
        finally:
            origin.stop()


@contextmanager
def _mutual(plan: Plan, base: Job) -> Iterator[MutualOrigin]:
    folder = _own(base, "mutual-origin").folder
    credentials = make_credentials(folder)
    origin = start_mutual_origin(folder, credentials, secret=base.secret, core=plan.load_core)
    try:
        yield origin
    finally:
        origin.server.stop()


def _own(base: Job, name: str) -> Job:
    folder = base.folder / name
    folder.mkdir()
    return replace(base, folder=folder)


def _empty(peers: Sequence[Peer], plan: Plan) -> Measured:
    numbers = {"rounds": plan.rounds, "seconds": plan.seconds, "fewest": plan.counts[0], "seed": plan.seed}
    cores = {"core": plan.core, "load_core": plan.load_core}
    return Measured(
        machine=describe_machine(),
        method={name: str(value) for name, value in {**numbers, **cores}.items()},
        versions={peer.name: peer.version() for peer in peers},
        routing={peer.name: {str(count): peer.routing(count) for count in plan.counts} for peer in peers},
    )
