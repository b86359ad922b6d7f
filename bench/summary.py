"""Medians, spreads and ratios."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from bench.measured import HTTP1, Measured, Sample
from bench.peers.registry import BASE


@dataclass(frozen=True, slots=True)
class Row:
    """One peer with one number of routes over one protocol; `ratio` to the base of the same rounds."""

    peer: str
    rate: float
    low: float
    high: float
    ratio: float | None
    ratio_low: float | None
    ratio_high: float | None
    p50: float
    p99: float
    cpu: float
    cpu_by_program: dict[str, float]
    busy: float
    connections: float | None
    """To the origin, for each request."""


def rows(measured: Measured, protocol: str, routes: int) -> list[Row]:
    """Return a row for each peer, in the order of the run."""
    samples = [one for one in measured.samples if one.protocol == protocol and one.routes == routes]
    base = {one.round: one.rate for one in samples if one.peer == BASE}
    peers = [peer for peer in measured.versions if any(one.peer == peer for one in samples)]
    return [_row([one for one in samples if one.peer == peer], base) for peer in peers]


def row(measured: Measured, peer: str, routes: int, protocol: str = HTTP1) -> Row | None:
    """Return the row of one peer, or None when it did not run."""
    return next((one for one in rows(measured, protocol, routes) if one.peer == peer), None)


def ratio(measured: Measured, over: tuple[str, int], under: tuple[str, int], protocol: str = HTTP1) -> float | None:
    """Return the median over the rounds of one (peer, routes) over another, by requests/s."""
    upper, lower = _by_round(measured, *over, protocol), _by_round(measured, *under, protocol)
    ratios = [upper[number] / lower[number] for number in upper if number in lower]
    return median(ratios) if ratios else None


def timing(measured: Measured, what: str, routes: int) -> tuple[float, float, float] | None:
    """Return median, least and most of a wait, in milliseconds."""
    values = [one.milliseconds for one in measured.timings if one.what == what and one.routes == routes]
    return (median(values), min(values), max(values)) if values else None


def _by_round(measured: Measured, peer: str, routes: int, protocol: str) -> dict[int, float]:
    wanted = (peer, routes, protocol)
    return {one.round: one.rate for one in measured.samples if (one.peer, one.routes, one.protocol) == wanted}


def _row(samples: Sequence[Sample], base: dict[int, float]) -> Row:
    rates = [one.rate for one in samples]
    ratios = [one.rate / base[one.round] for one in samples if one.round in base]
    programs = {program for one in samples for program in one.cpu}
    return Row(
        peer=samples[0].peer,
        rate=median(rates),
        low=min(rates),
        high=max(rates),
        ratio=median(ratios) if ratios else None,
        ratio_low=min(ratios) if ratios else None,
        ratio_high=max(ratios) if ratios else None,
        p50=median(one.p50 for one in samples),
        p99=median(one.p99 for one in samples),
        cpu=median(sum(one.cpu.values()) for one in samples),
        cpu_by_program={name: median(one.cpu.get(name, 0.0) for one in samples) for name in sorted(programs)},
        busy=median(one.busy for one in samples),
        connections=_connections(samples),
    )


def _connections(samples: Sequence[Sample]) -> float | None:
    counted = [one.connections / one.requests for one in samples if one.connections is not None]
    return median(counted) if counted else None
