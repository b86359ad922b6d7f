"""What the project set out to reach, and what the run says of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bench.live import RELOAD, SECRET, SIGHUP, START, WATCHED
from bench.many_certificates import REPLACED
from bench.measured import MUTUAL_FRESH, MUTUAL_KEPT, SIGNED, TOKEN, Measured
from bench.peers.registry import BASE
from bench.recovery import RECOVERED
from bench.summary import ratio, row, timing

OURS = "wicketgate"
_MIB = 2**20


@dataclass(frozen=True, slots=True)
class Target:
    """`measured` is None when the run did not measure it."""

    what: str
    wanted: str
    measured: str | None
    reached: bool


def targets(measured: Measured) -> list[Target]:
    """Return every target, measured or not."""
    return [*_ratios(measured), *_mutual(measured), *_proofs(measured), *_waits(measured), _control_plane(measured)]


def _ratios(measured: Measured) -> Iterator[Target]:
    for peer, least in ((BASE, 0.95), ("caddy", 1.3), ("traefik", 1.1)):
        value = ratio(measured, (OURS, 10), (peer, 10))
        yield _at_least(f"requests/s, to {peer}, 10 routes", least, value)
    for count in (1_000, 10_000):
        yield _at_least(f"requests/s, to {BASE}, {count:,} routes", 0.95, ratio(measured, (OURS, count), (BASE, count)))
    yield _at_least("requests/s, 10,000 routes to 10", 0.9, ratio(measured, (OURS, 10_000), (OURS, 10)))


def _mutual(measured: Measured) -> Iterator[Target]:
    for protocol in (MUTUAL_KEPT, MUTUAL_FRESH):
        for peer, least in ((BASE, 0.95), ("caddy", 1.0), ("traefik", 1.0)):
            value = ratio(measured, (OURS, 10), (peer, 10), protocol)
            yield _at_least(f"{protocol}: requests/s, to {peer}", least, value)
    for protocol in (MUTUAL_KEPT, MUTUAL_FRESH):
        yield _at_least(f"{protocol}: requests per CPU time, to {BASE}", 0.95, _thrift(measured, protocol))


def _proofs(measured: Measured) -> Iterator[Target]:
    for protocol in (TOKEN, SIGNED):
        value = ratio(measured, (OURS, 10), (BASE, 10), protocol)
        yield _at_least(f"{protocol}: requests/s, to {BASE}", 0.95, value)


def _thrift(measured: Measured, protocol: str) -> float | None:
    ours, base = row(measured, OURS, 10, protocol), row(measured, BASE, 10, protocol)
    return base.cpu / ours.cpu if ours and base else None


def _waits(measured: Measured) -> Iterator[Target]:
    for what in (SIGHUP, RELOAD, WATCHED, SECRET):
        for count, most in ((10, 100.0), (10_000, 1500.0)):
            yield _within(f"{what}, {count:,} routes", most, _median(measured, what, count))
    yield _within(f"{REPLACED}, 1,000 certificates", 200.0, _median(measured, REPLACED, 1_000))
    yield _within(f"{START}, 10 routes", 2000.0, _median(measured, START, 10))
    recovered = timing(measured, RECOVERED, 1)
    yield _within(f"{RECOVERED}, the longest of all", 5000.0, recovered[2] if recovered else None)


def _median(measured: Measured, what: str, count: int) -> float | None:
    found = timing(measured, what, count)
    return found[0] if found else None


def _control_plane(measured: Measured) -> Target:
    wanted = (OURS, 10, "control plane", "idle")
    found = [one for one in measured.memory if (one.peer, one.routes, one.program, one.when) == wanted]
    text = f"{found[0].resident / _MIB:.0f} MiB" if found else None
    # The target is in megabytes of ten to the sixth.
    return Target(
        "control plane, resident when idle, 10 routes", "≤ 120 MB", text, bool(found) and found[0].resident <= 120e6
    )


def _at_least(what: str, least: float, value: float | None) -> Target:
    return Target(what, f"≥ {least}", None if value is None else f"{value:.2f}", value is not None and value >= least)


def _within(what: str, most: float, value: float | None) -> Target:
    text = None if value is None else f"{value:,.0f} ms"
    return Target(what, f"≤ {most:,.0f} ms", text, value is not None and value <= most)
