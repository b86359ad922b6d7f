"""When a certificate is ordered, how soon again after a failure, and which answer is never put in use."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import cast

import pytest

from tests.support.variables import GivenVariables
from wicketgate.acme import order
from wicketgate.acme.errors import AcmeError
from wicketgate.control.acme import AcmeKeeper, AcmeSettings
from wicketgate.control.live import Attempt, Live
from wicketgate.pki.authority import create_root, issue
from wicketgate.pki.certificate import parse_certificates
from wicketgate.pki.extensions import Purpose
from wicketgate.pki.key_pair import KeyPair
from wicketgate.pki.profile import DAY, LeafProfile
from wicketgate.spec.installation import AcmeSection
from wicketgate.store.certificates import CertificateStore
from wicketgate.store.database import open_database

pytestmark = pytest.mark.anyio
NOW = 1_800_000_000.0
NAMES = ("a.example.test", "b.example.test")
LIFE = 90 * DAY


class _Answers:
    """What the keeper sees of the live project: challenges are always answered."""

    async def answer_challenges(self, _: object) -> Attempt:
        return Attempt(True)


class Stand:
    """An authority that gives `next_answer()`; it is not asked for anything else."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now, self.orders, self.wanted = NOW, 0, cast("float | None", None)
        self.next_answer: Callable[[], KeyPair] = self.certificate
        self.database = open_database(folder, clock=lambda: self.now)
        section = AcmeSection(names=NAMES, agree_to_terms=True)
        settings = AcmeSettings(section, folder / "roots.pem", "production")
        self.keeper = AcmeKeeper(
            settings, lambda: self.database, GivenVariables(), clock=lambda: self.now, pauses=(60.0, 3600.0)
        )
        monkeypatch.setattr(order, "order_certificate", self._order)
        monkeypatch.setattr(order, "renewal_time", lambda *_: self.wanted)

    def _order(self, *_: object) -> KeyPair:
        self.orders += 1
        return self.next_answer()

    def certificate(self, names: tuple[str, ...] = NAMES, *, age: float = 0.0) -> KeyPair:
        began = self.now - age
        profile = LeafProfile(names[0], purpose=Purpose.SERVER, dns_names=names, life=LIFE)
        return issue(create_root("an authority", now=began), profile, now=began)

    def serial(self) -> str:
        chain = CertificateStore(self.database).find("acme").chain
        return parse_certificates(chain.encode(), source="store")[0].serial

    async def look(self) -> float:
        return await self.keeper.look(cast(Live, _Answers()))


@pytest.fixture
async def stand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stand:
    stand = Stand(tmp_path, monkeypatch)
    await stand.keeper.prepare()
    return stand


def _refuse() -> KeyPair:
    raise AcmeError("not today", hint="tomorrow")


async def test_ordered_once_and_again_at_two_thirds(stand: Stand) -> None:
    for _ in range(3):
        await stand.look()
    assert (stand.orders, stand.keeper.missing) == (1, "")
    stand.now += LIFE * 0.6
    await stand.look()
    assert stand.orders == 1
    stand.now += LIFE * 0.07
    await stand.look()
    assert stand.orders == 2


async def test_ordered_sooner_when_the_authority_wants_it(stand: Stand) -> None:
    await stand.look()
    stand.now += 7 * 3600
    stand.wanted = stand.now - 1
    await stand.look()
    await stand.look()
    assert stand.orders == 2, "and it is not asked again at once"


async def test_failures_come_ever_more_slowly_and_keep_the_certificate(stand: Stand) -> None:
    await stand.look()
    kept = stand.serial()
    stand.now, stand.next_answer = stand.now + LIFE * 0.7, _refuse
    pauses = [await stand.look() for _ in range(8)]
    for pause, plain in zip(pauses, (60, 120, 240, 480, 960, 1920, 3600, 3600), strict=True):
        assert plain * 0.9 <= pause <= plain * 1.1
    assert len(set(pauses)) == len(pauses), "gateways that fail together do not ask together"
    assert (stand.serial(), stand.keeper.missing) == (kept, "")
    stand.next_answer = stand.certificate
    await stand.look()
    stand.now, stand.next_answer = stand.now + LIFE * 0.7, _refuse
    assert await stand.look() <= 66, "a success starts anew"


async def test_what_would_be_due_at_once_is_not_put_in_use(stand: Stand) -> None:
    await stand.look()
    kept = stand.serial()
    stand.now += LIFE * 0.7
    for answer in (stand.certificate(NAMES[:1]), stand.certificate(age=LIFE * 0.8)):
        stand.next_answer = lambda answer=answer: answer  # type: ignore[misc]
        assert await stand.look() > 50
        assert stand.serial() == kept


async def test_names_that_the_authority_adds_are_no_reason_to_order(stand: Stand) -> None:
    stand.next_answer = lambda: stand.certificate((*NAMES, "www.a.example.test"))
    await stand.look()
    await stand.look()
    assert stand.orders == 1


async def test_until_there_is_one_it_says_why(stand: Stand) -> None:
    stand.next_answer = _refuse
    await stand.look()
    assert stand.keeper.missing == "a.example.test, b.example.test: no certificate yet: not today"


async def test_a_certificate_of_the_users_own_is_left_alone(stand: Stand) -> None:
    store = CertificateStore(stand.database)
    store.replace("acme", stand.certificate(("mine.example.test",)))
    before = stand.serial()
    await stand.look()
    assert (stand.serial(), stand.orders) == (before, 0)
