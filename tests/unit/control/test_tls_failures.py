"""What is said in the log of TLS that fails, from the counters of Envoy."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

import pytest

from wicketgate.control.envoy_admin import EnvoyAdmin
from wicketgate.control.live import Live
from wicketgate.control.tls_failures import TlsFailures
from wicketgate.xds.kinds import Kind
from wicketgate.xds.snapshot import Snapshot, VersionKey

ALERT = "cluster.billing.ssl.connection_error"


def _cluster(name: str, **tls: Any) -> dict[str, Any]:
    return {"name": name, "transport_socket": {"typed_config": {"common_tls_context": tls}}}


@dataclass
class Stand:
    caplog: pytest.LogCaptureFixture
    now: float = 0.0
    failures: TlsFailures = field(init=False)

    def __post_init__(self) -> None:
        shown = {"tls_certificate_sds_secret_configs": [{"name": "certificate/billing"}]}
        clusters = [_cluster("billing", **shown), _cluster("eu.orders#12"), {"name": "plain"}]
        collection = {item["name"]: VersionKey().resource(item["name"], item) for item in clusters}
        live: Any = SimpleNamespace(snapshot=Snapshot({Kind.CLUSTERS: collection}))
        self.failures = TlsFailures(cast(EnvoyAdmin, None), cast(Live, live), clock=lambda: self.now)

    def said(self, **counters: int) -> list[tuple[Any, ...]]:
        """What is said about these counters: origin, counter, how many failed, and what was shown."""
        self.caplog.clear()
        self.failures.look({name.replace("__", "."): value for name, value in counters.items()})
        return [
            (record.origin, record.counter, record.failed, getattr(record, "shown", None))
            for record in cast(list[Any], self.caplog.records)
        ]

    def look(self, value: int) -> list[int]:
        self.caplog.clear()
        self.failures.look({ALERT: value})
        return [record.failed for record in cast(list[Any], self.caplog.records)]


@pytest.fixture
def stand(caplog: pytest.LogCaptureFixture) -> Stand:
    return Stand(caplog)


def test_says_which_origin_what_and_with_which_certificate(stand: Stand) -> None:
    said = stand.said(
        cluster__billing__ssl__connection_error=2,
        **{"cluster.eu.orders#12.ssl.fail_verify_san": 1},
        cluster__gone__ssl__fail_verify_cert_hash=3,
        cluster__billing__ssl__handshake=9,
        listener__x__ssl__connection_error=9,
    )
    assert said == [
        ("billing", "connection_error", 2, "certificate/billing"),
        ("eu.orders#12", "fail_verify_san", 1, None),
        ("gone", "fail_verify_cert_hash", 3, None),
    ]


def test_says_it_once_a_minute_with_all_that_failed_meanwhile(stand: Stand) -> None:
    assert stand.look(1) == [1]
    stand.now = 59
    assert stand.look(7) == []
    stand.now = 60
    assert stand.look(8) == [7]
    stand.now = 600
    assert stand.look(8) == []


def test_a_new_envoy_counts_from_nothing(stand: Stand) -> None:
    assert stand.look(9) == [9]
    stand.now = 60
    assert stand.look(2) == [2]


def test_the_message_is_one_that_a_person_reads(stand: Stand) -> None:
    stand.look(1)
    (record,) = stand.caplog.records
    assert record.levelname == "WARNING"
    assert record.getMessage().startswith("TLS with the origin billing failed: it refuses the certificate")
