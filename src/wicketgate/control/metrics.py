"""Our own metrics, in front of Envoy's."""

from __future__ import annotations

from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from wicketgate.broker.broker import Report
from wicketgate.broker.clock_drift import CLOCKS
from wicketgate.control.credentials import CredentialKeeper
from wicketgate.control.expiry import ExpiryWatch
from wicketgate.control.live import Attempt, Live
from wicketgate.envoy.names import use_name
from wicketgate.xds.board import Board
from wicketgate.xds.kinds import Kind


class Metrics(Collector):
    """`wicket_*`; read from the live state at each scrape."""

    def __init__(self, live: Live, board: Board, expiry: ExpiryWatch, credentials: CredentialKeeper) -> None:
        self._live = live
        self._expiry = expiry
        self._credentials = credentials
        self._board = board
        self._registry = CollectorRegistry()
        self._attempts = Counter(
            "wicket_changes",
            "Attempts to make a change live, by outcome.",
            ["outcome"],
            registry=self._registry,
        )
        for outcome in ("live", "unchanged", "refused"):
            self._attempts.labels(outcome)
        self._registry.register(self)

    def count(self, attempt: Attempt) -> None:
        outcome = "refused" if not attempt.ok else "live" if attempt.changed else "unchanged"
        self._attempts.labels(outcome).inc()

    def render(self) -> bytes:
        """Return the text exposition format."""
        return generate_latest(self._registry)

    def collect(self) -> Iterable[Metric]:
        live, last = self._live, self._live.last
        outcome = self._board.outcome(frozenset(Kind))
        info = GaugeMetricFamily("wicket_version_info", "The version that is live.", labels=["version"])
        info.add_metric([live.version], 1)
        yield info
        yield _gauge("wicket_project_ok", "1 when the project on disk is what is live.", live.trouble is None)
        yield _gauge("wicket_live_since_seconds", "Unix time at which the live version came.", live.since)
        yield _gauge("wicket_last_change_seconds", "How long the last change took.", last.seconds if last else 0)
        yield _gauge(
            "wicket_secrets", "Secrets published to Envoy.", len(live.candidate.sources) if live.candidate else 0
        )
        yield _gauge("wicket_envoys", "Envoys that ask for their configuration.", len(self._board.nodes))
        yield _gauge("wicket_xds_rejected", "Published versions that an Envoy rejects.", len(outcome.rejections))
        yield _gauge("wicket_xds_waiting", "Published versions not accepted yet.", len(outcome.waiting))
        yield self._certificates()
        yield from _credentials(self._credentials.reports())
        yield _clocks()

    def _certificates(self) -> GaugeMetricFamily:
        family = GaugeMetricFamily(
            "wicket_certificate_expiry_timestamp_seconds",
            "Unix time at which a certificate in use ends.",
            labels=["name", "use"],
        )
        for labels, ends in self._expiry.ends().items():
            family.add_metric(labels, ends)
        return family


def _credentials(reports: list[Report]) -> Iterable[Metric]:
    labels = ["kind", "destination", "name"]
    held = GaugeMetricFamily("wicket_credential_held", "1 while a living value is held.", labels=labels)
    ends = GaugeMetricFamily(
        "wicket_credential_expiry_timestamp_seconds", "Unix time at which the held value ends.", labels=labels
    )
    asked = CounterMetricFamily(
        "wicket_credential_attempts", "Attempts to obtain a value, by outcome.", labels=[*labels, "outcome"]
    )
    for each in reports:
        values = [each.use.credential.kind, each.use.destination, use_name(each.use)]
        held.add_metric(values, float(each.expires_at is not None))
        asked.add_metric([*values, "failed"], each.failures)
        asked.add_metric([*values, "obtained"], each.attempts - each.failures)
        if each.expires_at is not None:
            ends.add_metric(values, each.expires_at)
    return held, ends, asked


def _clocks() -> GaugeMetricFamily:
    family = GaugeMetricFamily(
        "wicket_clock_drift_seconds", "By how much this machine's clock is ahead of a provider's.", labels=["provider"]
    )
    for host, seconds in CLOCKS.seconds.items():
        family.add_metric([host], seconds)
    return family


def _gauge(name: str, documentation: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, documentation, value=float(value))
