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
    ClientAuthorities,
    ClientAuthorityFile,
    KeyPairSecret,
    SecretSource,
    StoredAuthority,
    StoredIdentity,
    TextSecret,
    VariableRef,
)
from wicketgate.pki.authority import create_intermediate, create_root, issue
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
    vouching: dict[str, Authorities | None] = field(default_factory=dict)
    signing: Authorities | None = None
    sources: dict[str, SecretSource] = field(default_factory=dict)

    def watch(self) -> ExpiryWatch:
        live: Any = SimpleNamespace(candidate=Candidate(Snapshot(), self.sources), version="1")
        known = KnownCertificates(self.pairs, (), self.trusted, self.vouching, self.signing)
        return ExpiryWatch(cast(Live, live), known, clock=self.clock)

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


def test_one_that_ends_soon_after_one_that_ends_sooner_is_told_too(
    stand: Stand, caplog: pytest.LogCaptureFixture
) -> None:
    stand.identity(life=90 * DAY)
    watch = stand.watch()
    stand.clock.now = START + 89.5 * DAY
    watch.look()
    made = stand.clock.now
    pair = issue(create_root("root", now=made), LeafProfile("billing", life=15 * DAY), now=made)
    stand.pairs["billing"] = PemKeyPair(pair.chain_pem, pair.key)
    caplog.clear()
    watch.look()
    stand.clock.now = made + 11 * DAY
    watch.look()
    assert [record.levelname for record in caplog.records] == ["WARNING"]


def test_an_authority_of_the_same_name_does_not_make_it_told_again(
    stand: Stand, caplog: pytest.LogCaptureFixture
) -> None:
    stand.identity(life=90 * DAY)
    stand.trusted["billing"] = Authorities(create_root("a", now=START).certificate.pem)
    stand.sources["authority/billing"] = StoredAuthority("billing")
    watch = stand.watch()
    stand.clock.now = START + 61 * DAY
    watch.look()
    watch.look()
    assert len(caplog.records) == 1
    assert set(watch.ends()) == {("billing", "shown"), ("billing", "trusted")}


def test_a_chain_stands_and_falls_with_its_intermediate(stand: Stand, caplog: pytest.LogCaptureFixture) -> None:
    middle = create_intermediate(create_root("root", now=START), "middle", now=START, life=9 * DAY)
    pair = issue(middle, LeafProfile("billing", life=9 * DAY), now=START)
    stand.pairs["billing"] = PemKeyPair(pair.chain_pem, pair.key)
    stand.sources["certificate/billing"] = StoredIdentity("billing")
    watch = stand.watch()
    stand.clock.now = float(middle.certificate.not_after - HOUR)
    watch.look()
    assert any("the certificate billing comes with CN=middle, which expires in" in text for text in caplog.messages)
    stand.clock.now += 2 * HOUR
    assert watch.unusable


def test_what_cannot_be_read_any_more_is_still_in_use(stand: Stand, tmp_path: Path) -> None:
    pair = issue(create_root("root", now=START), LeafProfile("billing", life=90 * DAY), now=START)
    certificate, key = tmp_path / "tls.crt", tmp_path / "tls.key"
    certificate.write_text(pair.chain_pem)
    key.write_text(pair.key.reveal())
    stand.sources["tls/billing"] = KeyPairSecret("billing", certificate, key)
    watch = stand.watch()
    watch.look()
    ends = watch.ends()
    assert ends == {("billing", "shown"): pair.leaf.not_after}
    key.unlink()
    watch.look()
    watch.look()
    assert watch.ends() == ends
    assert "cannot read" in watch.messages()[0]["problem"]
    stand.clock.now += 91 * DAY
    assert "billing: expired on" in watch.unusable


def test_what_the_private_authority_signs_with_is_watched(stand: Stand, caplog: pytest.LogCaptureFixture) -> None:
    root = create_root("root", now=START)
    middle = create_intermediate(root, "middle", now=START, life=90 * DAY)
    stand.signing = Authorities(middle.certificate.pem + root.certificate.pem)
    watch = stand.watch()
    watch.look()
    assert watch.ends() == {("private", "signing"): middle.certificate.not_after}
    assert caplog.records == []
    stand.clock.now = START + 80 * DAY
    watch.look()
    assert "the certificate private expires in" in caplog.text


def test_each_who_vouches_for_callers_is_looked_at(stand: Stand, tmp_path: Path) -> None:
    first, second = (create_root(name, now=START, life=days * DAY) for name, days in (("a", 90), ("b", 900)))
    stand.vouching["partners"] = Authorities(first.certificate.pem)
    file = tmp_path / "callers.pem"
    file.write_text(second.certificate.pem)
    stand.sources["client-authorities"] = ClientAuthorities((ClientAuthorityFile(file),))
    watch = stand.watch()
    watch.look()
    assert watch.ends() == {
        ("partners", "vouching"): first.certificate.not_after,
        (str(file), "vouching"): second.certificate.not_after,
    }


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
    assert watch.ends() == {("corporate", "trusted"): first.certificate.not_after}
    stand.clock.now += 100 * DAY
    assert watch.unusable == "", "others may still vouch; the log and the metric say so"
    stand.clock.now += 900 * DAY
    assert "corporate: expired on" in watch.unusable


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
