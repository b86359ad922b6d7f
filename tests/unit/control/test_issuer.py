"""The issuer's keys roll only as far as verifiers can follow."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import cast

import jwt
import pytest

from tests.providers.surroundings import surroundings
from wicketgate.broker.broker import Broker
from wicketgate.broker.registry import open_source
from wicketgate.broker.turns import AT_ONE
from wicketgate.control import issuer as module
from wicketgate.control.issuer import IssuerKeeper
from wicketgate.control.live import Attempt, Live
from wicketgate.control.steady_clock import SteadyClock
from wicketgate.envoy.documents import Document
from wicketgate.ir.credentials.base import CredentialUse
from wicketgate.ir.credentials.gateway_token import GatewayToken
from wicketgate.issuer.keys import Algorithm, SigningKey
from wicketgate.issuer.rotation import DAY, Standing
from wicketgate.issuer.token import Signer
from wicketgate.spec.installation import IssuerSection
from wicketgate.store.database import open_database
from wicketgate.store.issuer_keys import IssuerKeys

pytestmark = pytest.mark.anyio


@dataclass(slots=True)
class Publishing:
    """As much of `Live` as the issuer needs."""

    refuses: bool = False
    attempts: int = 0
    documents: list[tuple[Document, ...]] = field(default_factory=list)

    async def publish_documents(self, documents: tuple[Document, ...]) -> Attempt:
        self.attempts += 1
        if self.refuses:
            return Attempt(False, message="the variable KEY is not set")
        self.documents.append(documents)
        return Attempt(True)


class Stand:
    def __init__(self, folder: Path) -> None:
        self.now = 1_800_000_000.0
        self.ahead = 0.0
        clock = SteadyClock(lambda: self.now + self.ahead, lambda: self.now)
        self.live = Publishing()
        self.keys = IssuerKeys(open_database(folder, clock=clock), "production")
        section = IssuerSection(url="https://gateway.example.com")
        self.looked = 0
        self.keeper = IssuerKeeper(section, self._open, project="shop", clock=lambda: self.now + self.ahead)

    def _open(self) -> IssuerKeys:
        self.looked += 1
        return self.keys

    def kid(self, standing: Standing) -> str:
        listed = self.keys.keys()
        return next(each.key.kid for each in listed if each.standing is standing)

    async def looks(self, times: int = 3) -> None:
        """Let the keeper look at its keys a few times."""
        seen = self.looked + times
        async with asyncio.timeout(10):
            while self.looked < seen:
                await asyncio.sleep(0.01)


@pytest.fixture
async def stand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Stand]:
    monkeypatch.setattr(module, "_LOOK_SECONDS", 0.01)
    monkeypatch.setattr(module, "_TROUBLE_SECONDS", 0.01)
    made = Stand(tmp_path)
    await made.keeper.prepare()
    task = asyncio.create_task(made.keeper.keep(cast(Live, made.live)))
    yield made
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def test_a_key_is_read_once_however_much_it_signs(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    """To read an RSA key takes as long as a hundred signatures, and everything else waits for it."""
    read: list[str] = []
    load = Signer.of

    def counted(key: SigningKey) -> Signer:
        read.append(key.kid)
        return load(key)

    monkeypatch.setattr(Signer, "of", counted)
    for _ in range(3):
        before = stand.kid(Standing.CURRENT)
        await stand.looks()
        stand.keys.rotate()
        stand.now += DAY
        async with asyncio.timeout(10):
            while (kid := _signing(stand.keeper)) == before:
                await asyncio.sleep(0.01)
        assert {_signing(stand.keeper) for _ in range(50)} == {kid}
    assert len(read) == len(set(read)) == 3


async def test_many_tokens_at_once_leave_time_for_everything_else(stand: Stand) -> None:
    """A roll renews every token."""
    given = replace(surroundings(), assertions=stand.keeper)
    broker = Broker(partial(open_source, surroundings=given), clock=time.time)
    uses = [CredentialUse(GatewayToken(audience=f"orders-{number}"), "orders.example.com") for number in range(100)]
    broker.hold(uses)
    turns = 0
    async with asyncio.TaskGroup() as group:
        running = group.create_task(broker.run())
        while any(report.attempts == 0 for report in broker.reports()):
            await asyncio.sleep(0)
            turns += 1
        running.cancel()
    assert turns >= len(uses) / AT_ONE


def _signing(keeper: IssuerKeeper) -> str:
    obtained = keeper.sign(audience="orders", subject="orders.example.com", life=60, claims={})
    return str(jwt.get_unverified_header(obtained.value.reveal())["kid"])


async def test_a_clock_that_jumps_rolls_nothing_and_stops_nothing(stand: Stand) -> None:
    await stand.looks()
    stand.now += 60
    first = stand.kid(Standing.CURRENT)
    stand.ahead = 365 * DAY
    await stand.looks()
    assert stand.kid(Standing.CURRENT) == first, "the next one was published a minute ago"
    stand.ahead = -365 * DAY
    await stand.looks()
    listed = stand.keys.keys()
    assert max(each.since for each in listed) == stand.now - 365 * DAY
    stand.ahead = 0.0
    stand.keys.rotate()
    stand.now += DAY
    async with asyncio.timeout(10):
        while stand.kid(Standing.CURRENT) == first:
            await asyncio.sleep(0.01)


async def test_a_key_that_is_asked_for_at_once_is_published_before_it_signs(stand: Stand) -> None:
    await stand.looks()
    before = _signing(stand.keeper)
    stand.live.refuses = True
    stand.keys.rotate(now=True)
    stand.keys.advance(stand.keeper.schedule, Algorithm.ES256)
    stand.keys.rotate(now=True)
    await stand.looks()
    asked_for = stand.kid(Standing.CURRENT)
    assert _signing(stand.keeper) == before
    stand.live.refuses = False
    async with asyncio.timeout(10):
        while _signing(stand.keeper) == before:
            await asyncio.sleep(0.01)
    assert _signing(stand.keeper) == asked_for
    assert asked_for in stand.live.documents[0][1].body


async def test_a_key_that_could_not_be_published_does_not_sign(stand: Stand) -> None:
    await stand.looks()
    stand.live.refuses = True
    stand.keys.rotate()
    stand.now += DAY
    await stand.looks()
    second = stand.kid(Standing.CURRENT)
    assert stand.live.attempts > 0
    assert "KEY is not set" in stand.keeper.problem
    stand.keys.rotate()
    stand.now += 40 * DAY
    await stand.looks()
    assert stand.kid(Standing.CURRENT) == second, "nobody can know the next one"
    stand.live.refuses = False
    await stand.looks()
    assert stand.keeper.problem == ""
    stand.now += DAY - 1
    await stand.looks()
    assert stand.kid(Standing.CURRENT) == second
    stand.now += 1
    await stand.looks()
    assert stand.kid(Standing.CURRENT) != second
    assert stand.kid(Standing.CURRENT) in stand.live.documents[-2][1].body
