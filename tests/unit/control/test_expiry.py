"""No certificate ends unnoticed."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from tests.support.known_certificates import KnownCertificates
from wicketgate.certificates import Authorities, PemKeyPair
from wicketgate.control.candidate import Candidate
from wicketgate.control.expiry import ExpiryWatch
from wicketgate.control.live import Live
from wicketgate.ir.secrets import (
    KeyPairSecret,
    SecretSource,
    StoredAuthority,
    StoredIdentity,
    TextSecret,
    VariableRef,
)
from wicketgate.pki.authority import create_root, issue
from wicketgate.pki.profile import DAY, HOUR, LeafProfile
from wicketgate.xds.snapshot import Snapshot

START = 1_800_000_000.0


@dataclass
class Clock:
    now: float = START

    def __call__(self) -> float:
        return self.now


@dataclass
class Stand:
    clock: Clock = field(default_factory=Clock)
    pairs: dict[str, PemKeyPair | None] = field(default_factory=dict)
    trusted: dict[str, Authorities | None] = field(default_factory=dict)
    sources: dict[str, SecretSource] = field(default_factory=dict)

    def watch(self) -> ExpiryWatch:
        live: Any = SimpleNamespace(candidate=Candidate(Snapshot(), self.sources), version="1")
        return ExpiryWatch(cast(Live, live), KnownCertificates(self.pairs, (), self.trusted), clock=self.clock)

    def identity(self, *, life: float, name: str = "billing") -> None:
        pair = issue(create_root("root", now=START), LeafProfile(name, life=life), now=START)
        self.pairs[name] = PemKeyPair(pair.chain_pem, pair.key)
        self.sources[f"certificate/{name}"] = StoredIdentity(name)


@pytest.fixture
def stand() -> Stand:
    return Stand()


def _days(stand: Stand, watch: ExpiryWatch, caplog: pytest.LogCaptureFixture, days: int) -> list[tuple[int, str]]:
    """Let days pass, look each hour, and return on which day which level was logged."""
    told = []
    for hour in range(days * 24):
        stand.clock.now = START + hour * HOUR
        caplog.clear()
        watch.look()
        told += [(hour // 24, record.levelname) for record in caplog.records]
    return told


def test_the_ladder(stand: Stand, caplog: pytest.LogCaptureFixture) -> None:
    """On its ninetieth day it is in its last minute first, and then over."""
    stand.identity(life=90 * DAY)
    told = _days(stand, stand.watch(), caplog, 93)
    assert told == [
        (60, "WARNING"),
        (76, "WARNING"),
        (83, "WARNING"),
        (89, "ERROR"),
        (90, "ERROR"),
        (90, "ERROR"),
        (91, "ERROR"),
        (92, "ERROR"),
    ]


def test_a_short_lived_certificate_that_is_renewed_in_time_is_no_news(
    stand: Stand, caplog: pytest.LogCaptureFixture
) -> None:
    stand.identity(life=DAY)
    watch = stand.watch()
    for hour in range(17):
        stand.clock.now = START + hour * HOUR
        watch.look()
    assert caplog.records == []
    stand.clock.now = START + 20 * HOUR
    watch.look()
    assert [record.levelname for record in caplog.records] == ["ERROR"], "the renewal is late"


def test_another_certificate_begins_at_the_top(stand: Stand, caplog: pytest.LogCaptureFixture) -> None:
    stand.identity(life=90 * DAY)
    watch = stand.watch()
    stand.clock.now = START + 85 * DAY
    watch.look()
    pair = issue(create_root("root", now=stand.clock.now), LeafProfile("billing", life=90 * DAY), now=stand.clock.now)
    stand.pairs["billing"] = PemKeyPair(pair.chain_pem, pair.key)
    caplog.clear()
    watch.look()
    assert caplog.records == []
    stand.clock.now += 61 * DAY
    watch.look()
    assert len(caplog.records) == 1


def test_what_is_shown_and_expired_or_missing_is_named(stand: Stand) -> None:
    stand.identity(life=DAY)
    stand.sources["certificate/gone"] = StoredIdentity("gone")
    stand.sources["tls/file"] = KeyPairSecret("file", Path("/nowhere.crt"), Path("/nowhere.key"))
    watch = stand.watch()
    watch.look()
    assert "billing" not in watch.unusable
    assert "gone: it is not there" in watch.unusable
    assert "file: cannot read /nowhere.crt" in watch.unusable
    stand.clock.now += 2 * DAY
    assert "billing: expired on" in watch.unusable


def test_an_authority_counts_by_what_ends_first(stand: Stand) -> None:
    first, second = (create_root(name, now=START, life=days * DAY) for name, days in (("a", 90), ("b", 900)))
    stand.trusted["corporate"] = Authorities(second.certificate.pem + first.certificate.pem)
    stand.sources["authority/corporate"] = StoredAuthority("corporate")
    watch = stand.watch()
    watch.look()
    (found,) = watch.found
    assert found.certificate == first.certificate
    stand.clock.now += 100 * DAY
    assert watch.unusable == "", "others may still vouch; the log and the metric say so"


def test_what_is_told_holds_no_key(stand: Stand) -> None:
    stand.identity(life=DAY)
    stand.sources["env/SECRET"] = TextSecret((VariableRef("SECRET"),))
    watch = stand.watch()
    watch.look()
    (message,) = watch.messages()
    assert message["name"] == "billing"
    assert "PRIVATE" not in str(message) + repr(watch.found)


@pytest.fixture(autouse=True)
def _all_levels(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
