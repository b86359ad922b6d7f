"""Load on all peers, interleaved: each round runs every one of them once, beginning one further on."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from bench.http_probe import await_ready, check_honest
from bench.job import Job, Proof, make_routes, sample_paths
from bench.load import IN_FLIGHT, Load, run_h2load, run_wrk
from bench.measured import HTTP1, HTTP2, MUTUAL_FRESH, MUTUAL_KEPT, PROTOCOLS, SIGNED, TOKEN, Memory, Sample
from bench.mutual_origin import MutualOrigin
from bench.mutual_proof import check_origin, check_peer
from bench.origin import start_signature_origin, start_token_origin
from bench.peers.peer import Peer
from bench.peers.registry import PROVING
from bench.plan import Plan
from bench.processes import BenchError, Server
from bench.signature_check import check_signer
from bench.token_provider import token_provider

Say = Callable[[str], None]
_DAY = 86_400.0
_KEPT_MOST = 0.05
"""Connections a request, beyond those of the first requests in flight, above which they count as not kept alive."""


@dataclass(frozen=True, slots=True)
class Entrant:
    """A running peer with a number of routes, the file of paths to ask for, and what it is measured with.

    `counts` is the origin that counts connections.
    """

    peer: str
    routes: int
    server: Server
    paths: Path
    protocols: tuple[str, ...]
    counts: MutualOrigin | None = None


@contextmanager
def running(peers: Sequence[Peer], plan: Plan, base: Job, *, say: Say) -> Iterator[list[Entrant]]:
    """Start and verify every peer with every number of routes; all stay up, so that rounds can interleave."""
    with ExitStack() as stack:
        entrants = []
        for count in plan.counts:
            for peer in peers:
                job = replace(base, routes=make_routes(count, seed=plan.seed), folder=_folder(base, peer, str(count)))
                entrant = _start(peer, job, plan, (HTTP1,), stack)
                both = count == plan.counts[0] and entrant.server.h2c_port
                entrants.append(replace(entrant, protocols=(HTTP1, HTTP2)) if both else entrant)
                say(f"{peer.name}: {count} routes verified")
        yield entrants


@contextmanager
def running_mutual(
    peers: Sequence[Peer], plan: Plan, base: Job, origin: MutualOrigin, *, say: Say
) -> Iterator[list[Entrant]]:
    """Start every peer twice with the fewest routes, for both kinds of connection, once it has refused what it must."""
    check_origin(origin)
    job = replace(base, routes=make_routes(plan.counts[0], seed=plan.seed), tls=origin.credentials.client)
    kinds = ((MUTUAL_KEPT, origin.kept, "kept"), (MUTUAL_FRESH, origin.fresh, "fresh"))
    with ExitStack() as stack:
        entrants = []
        for peer in peers:
            check_peer(peer, replace(job, folder=_folder(base, peer, "wrong")), origin, job.routes[0].path(1))
            for protocol, port, word in kinds:
                own = replace(job, origin_port=port, folder=_folder(base, peer, word))
                entrants.append(replace(_start(peer, own, plan, (protocol,), stack), counts=origin))
            say(f"{peer.name}: mutual TLS verified")
        yield entrants


@contextmanager
def running_proofs(peers: Sequence[Peer], plan: Plan, base: Job, *, say: Say) -> Iterator[list[Entrant]]:
    """Start those peers that can prove themselves by a token and by a signature, with the fewest routes."""
    job = replace(base, routes=make_routes(plan.counts[0], seed=plan.seed))
    able = [peer for peer in peers if peer.name in PROVING]
    with ExitStack() as stack:
        tokens = start_token_origin(_folder(base, None, "token-origin"), token=base.secret, core=plan.load_core)
        stack.callback(tokens.stop)
        signatures = start_signature_origin(_folder(base, None, "signature-origin"), core=plan.load_core)
        stack.callback(signatures.stop)
        provider = stack.enter_context(token_provider(base.secret, life=_DAY))
        by_token = replace(job, proof=Proof.TOKEN, provider=provider.url, origin_port=tokens.port)
        by_signature = replace(job, proof=Proof.SIGNATURE, origin_port=signatures.port)
        entrants = []
        for peer in able:
            own = replace(by_token, folder=_folder(base, peer, "token"))
            entrants.append(_start(peer, own, plan, (TOKEN,), stack))
            own = replace(by_signature, folder=_folder(base, peer, "signed"))
            check_signer(peer, own, own.routes[0].path(1))
            entrants.append(_start(peer, own, plan, (SIGNED,), stack))
            say(f"{peer.name}: token and signature verified")
        yield entrants


def _folder(base: Job, peer: Peer | None, what: str) -> Path:
    folder = base.folder / (f"{peer.name.replace(' ', '-')}-{what}" if peer else what)
    folder.mkdir()
    return folder


def _start(peer: Peer, job: Job, plan: Plan, protocols: tuple[str, ...], stack: ExitStack) -> Entrant:
    paths = sample_paths(job.routes, seed=plan.seed)
    server = peer.start(job)
    stack.callback(server.stop)
    await_ready(server, paths[0])
    check_honest(peer.name, server, job, paths)
    listed = job.folder.with_suffix(".paths")
    listed.write_text("\n".join(paths) + "\n")
    return Entrant(peer.name, len(job.routes), server, listed, protocols)


def memory_of(entrants: Sequence[Entrant], when: str) -> Iterator[Memory]:
    """Return the memory of each program of each entrant."""
    for entrant in entrants:
        for program, usage in entrant.server.memory().items():
            yield Memory(entrant.peer, entrant.routes, program, when, usage.resident, usage.proportional)


def measure(entrants: Sequence[Entrant], plan: Plan, *, say: Say) -> Iterator[Sample]:
    """Run the rounds with what each entrant is measured with, one protocol after the other."""
    for protocol in PROTOCOLS:
        yield from _rounds([one for one in entrants if protocol in one.protocols], plan, protocol, say=say)


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
    accepted = entrant.counts.accepted() if entrant.counts else 0
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
        connections=_connections(entrant, entrant.counts, load, protocol, accepted) if entrant.counts else None,
    )


def _connections(entrant: Entrant, origin: MutualOrigin, load: Load, protocol: str, before: int) -> int:
    """Return how many the origin accepted. Raises `BenchError` when they are not what is to be measured."""
    # The origin is asked over a connection of its own.
    found = origin.accepted() - before - 1
    # Connections that the run before was still making when it ended serve the first requests of this one.
    fresh = found + IN_FLIGHT >= load.requests
    if not (fresh if protocol == MUTUAL_FRESH else found <= IN_FLIGHT + load.requests * _KEPT_MOST):
        raise BenchError(f"{entrant.peer}, {protocol}: {found} connections for {load.requests} requests")
    origin.check_unresumed()
    return found


def _load(entrant: Entrant, protocol: str, plan: Plan, *, seconds: int) -> Load:
    if protocol == HTTP2 and entrant.server.h2c_port:
        return run_h2load(entrant.server.h2c_port, entrant.paths, seconds=seconds, core=plan.load_core)
    return run_wrk(entrant.server.port, entrant.paths, seconds=seconds, core=plan.load_core)
