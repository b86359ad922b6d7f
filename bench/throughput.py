"""Load on all peers, interleaved: each round runs every one of them once, beginning one further on."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.http_probe import await_ready, check_honest
from bench.job import Job, make_routes, sample_paths
from bench.load import Load, run_h2load, run_wrk
from bench.measured import Memory, Sample
from bench.peers.peer import Peer
from bench.plan import Plan
from bench.processes import Server

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Entrant:
    """A running peer with a number of routes, and the file of paths to ask for."""

    peer: str
    routes: int
    server: Server
    paths: Path


@contextmanager
def running(peers: Sequence[Peer], plan: Plan, base: Job, *, say: Say) -> Iterator[list[Entrant]]:
    """Start and verify every peer with every number of routes; all stay up, so that rounds can interleave."""
    with ExitStack() as stack:
        entrants = []
        for count in plan.counts:
            for peer in peers:
                entrants.append(_start(peer, count, plan, base, stack))
                say(f"{peer.name}: {count} routes verified")
        yield entrants


def _start(peer: Peer, count: int, plan: Plan, base: Job, stack: ExitStack) -> Entrant:
    routes = make_routes(count, seed=plan.seed)
    paths = sample_paths(routes, seed=plan.seed)
    folder = base.folder / f"{peer.name.replace(' ', '-')}-{count}"
    folder.mkdir()
    job = Job(routes, base.origin_port, base.secret, folder, plan.core)
    server = peer.start(job)
    stack.callback(server.stop)
    await_ready(server, paths[0])
    check_honest(peer.name, server, job, paths)
    listed = base.folder / f"{folder.name}.paths"
    listed.write_text("\n".join(paths) + "\n")
    return Entrant(peer.name, count, server, listed)


def memory_of(entrants: Sequence[Entrant], when: str) -> Iterator[Memory]:
    """Return the memory of each program of each entrant."""
    for entrant in entrants:
        for program, usage in entrant.server.memory().items():
            yield Memory(entrant.peer, entrant.routes, program, when, usage.resident, usage.proportional)


def measure(entrants: Sequence[Entrant], plan: Plan, *, say: Say) -> Iterator[Sample]:
    """Run the rounds over HTTP/1.1 with all entrants, then over HTTP/2 with those of the fewest routes."""
    fewest = [entrant for entrant in entrants if entrant.routes == plan.counts[0]]
    yield from _rounds(entrants, plan, "HTTP/1.1", say=say)
    yield from _rounds([one for one in fewest if one.server.h2c_port], plan, "HTTP/2", say=say)


def _rounds(entrants: Sequence[Entrant], plan: Plan, protocol: str, *, say: Say) -> Iterator[Sample]:
    for entrant in entrants if plan.warm_up else ():
        _load(entrant, protocol, plan, seconds=plan.warm_up)
    for number in range(plan.rounds):
        first = number * len(entrants) // plan.rounds
        for entrant in [*entrants[first:], *entrants[:first]]:
            sample = _sample(entrant, protocol, plan, number)
            say(f"{protocol} round {number + 1}: {entrant.peer}, {entrant.routes} routes: {sample.rate:,.0f}/s")
            yield sample


def _sample(entrant: Entrant, protocol: str, plan: Plan, number: int) -> Sample:
    before, began = entrant.server.cpu(), time.perf_counter()
    load = _load(entrant, protocol, plan, seconds=plan.seconds)
    wall, after = time.perf_counter() - began, entrant.server.cpu()
    used = {program: seconds - before.get(program, 0.0) for program, seconds in after.items()}
    return Sample(
        peer=entrant.peer,
        protocol=protocol,
        routes=entrant.routes,
        round=number,
        requests=load.requests,
        rate=load.rate,
        p50=load.p50,
        p99=load.p99,
        cpu={program: seconds * 1e6 / load.requests for program, seconds in used.items()},
        busy=sum(used.values()) / wall,
    )


def _load(entrant: Entrant, protocol: str, plan: Plan, *, seconds: int) -> Load:
    if protocol == "HTTP/2" and entrant.server.h2c_port:
        return run_h2load(entrant.server.h2c_port, entrant.paths, seconds=seconds, core=plan.load_core)
    return run_wrk(entrant.server.port, entrant.paths, seconds=seconds, core=plan.load_core)
