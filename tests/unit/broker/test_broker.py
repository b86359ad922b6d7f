"""Many leases at once: each provider asked once at a time, few tasks, nothing that outlives its use."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, ClassVar

import pytest

from wicketgate.broker.broker import Broker
from wicketgate.broker.lease import Standing
from wicketgate.broker.source import Obtain, Obtained, ProviderError
from wicketgate.broker.turns import AT_ONE
from wicketgate.ir.credentials.base import Credential, CredentialUse
from wicketgate.secret_value import SecretValue


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbered(Credential):
    kind: ClassVar[str] = "numbered"

    number: int = 0
    provider: str = "one"

    @property
    def asked(self) -> str:
        return self.provider


@dataclass
class Providers:
    """Counts who is asked, and how many at once."""

    life: float = 3600.0
    trouble: Exception | None = None
    pause: float = 0.0
    hung: set[str] = field(default_factory=set)
    ahead: float = 0.0
    asked: list[CredentialUse] = field(default_factory=list)
    now: dict[CredentialUse, int] = field(default_factory=dict)
    most: int = 0
    most_of_one: int = 0

    def opened(self, use: CredentialUse) -> Obtain:
        async def obtain() -> Obtained:
            self.asked.append(use)
            value = SecretValue(f"value {len(self.asked)}")
            self.now[use] = self.now.get(use, 0) + 1
            self.most, self.most_of_one = max(self.most, sum(self.now.values())), max(self.most_of_one, self.now[use])
            await asyncio.sleep(30 if use.credential.asked in self.hung else self.pause)
            self.now[use] -= 1
            if self.trouble is not None:
                raise self.trouble
            return Obtained(value, self.clock() + self.life)

        return obtain

    def clock(self) -> float:
        return time.time() + self.ahead


def _uses(count: int, *, provider: str = "one") -> list[CredentialUse]:
    return [CredentialUse(Numbered(number=number, provider=provider), "api.example.com") for number in range(count)]


def _run(test: Callable[[Broker, Providers], Awaitable[None]], **settings: Any) -> None:
    async def body() -> None:
        providers = Providers(**settings)
        broker = Broker(providers.opened, clock=providers.clock)
        running = asyncio.create_task(broker.run())
        try:
            await asyncio.wait_for(_awaited(test(broker, providers)), 20)
        finally:
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running

    asyncio.run(body())


def _awaited(work: Awaitable[None]) -> Coroutine[Any, Any, None]:
    async def done() -> None:
        await work

    return done()


async def _until(check: Callable[[], object]) -> None:
    while not check():
        await asyncio.sleep(0.005)


def test_equal_credentials_are_one_and_others_never() -> None:
    async def test(broker: Broker, providers: Providers) -> None:
        here = CredentialUse(Numbered(number=1), "a.example.com")
        there = CredentialUse(Numbered(number=1), "b.example.com")
        broker.hold([here, CredentialUse(Numbered(number=1), "a.example.com"), there])
        await broker.settle([here, there], within=5)
        assert len(providers.asked) == 2
        first, second = broker.value(here), broker.value(there)
        assert first is not None
        assert first != second

    _run(test)


def test_one_use_is_never_asked_for_twice_at_once_and_all_not_too_many() -> None:
    async def test(broker: Broker, providers: Providers) -> None:
        uses = _uses(60)
        broker.hold(uses)
        for _ in range(5):
            broker.renew(uses)
            await asyncio.sleep(0.01)
        await broker.settle(uses, within=10)
        assert providers.most_of_one == 1
        assert 1 < providers.most <= AT_ONE

    _run(test, pause=0.02)


def test_five_thousand_need_no_more_tasks_than_one() -> None:
    async def test(broker: Broker, providers: Providers) -> None:
        uses = _uses(5000)
        broker.hold(uses)
        await broker.settle(uses, within=15)
        assert all(broker.value(use) is not None for use in uses)
        assert len(providers.asked) == 5000
        assert len(asyncio.all_tasks()) < 25

    _run(test)


def test_what_is_not_held_any_more_is_forgotten() -> None:
    async def test(broker: Broker, providers: Providers) -> None:
        kept, dropped = _uses(2)
        broker.hold([kept, dropped])
        await broker.settle([kept, dropped], within=5)
        broker.hold([kept])
        assert broker.value(dropped) is None
        assert [each.use for each in broker.reports()] == [kept]
        asked = len(providers.asked)
        broker.renew([dropped])
        await asyncio.sleep(0.05)
        assert len(providers.asked) == asked

    _run(test)


def test_values_end_though_the_provider_is_down() -> None:
    async def test(broker: Broker, providers: Providers) -> None:
        (use,) = _uses(1)
        broker.hold([use])
        await broker.settle([use], within=5)
        providers.trouble = ProviderError("gone")
        broker.changed.clear()
        await broker.changed.wait()
        assert broker.value(use) is None
        (report,) = broker.reports()
        assert (report.problem, report.expires_at) == ("gone", None)
        providers.trouble = None
        await _until(lambda: broker.value(use))

    _run(test, life=0.4)


@pytest.mark.parametrize("trouble", [ProviderError("said"), RuntimeError("canary in a traceback")])
def test_a_broken_source_stops_no_other(trouble: Exception, caplog: pytest.LogCaptureFixture) -> None:
    async def test(broker: Broker, providers: Providers) -> None:
        (use,) = _uses(1)
        broker.hold([use])
        await broker.settle([use], within=5)
        (report,) = broker.reports()
        assert report.standing in (Standing.WAITING, Standing.MISSING)
        providers.trouble = None
        await _until(lambda: broker.value(use))

    _run(test, trouble=trouble)
    assert "canary" not in caplog.text


def test_remembered_values_serve_without_asking() -> None:
    async def test(broker: Broker, providers: Providers) -> None:
        living, ended = _uses(2)
        now = time.time()
        broker.hold(
            [living, ended],
            {living: Obtained(SecretValue("old"), now + 3600), ended: Obtained(SecretValue("old"), now - 1)},
        )
        await broker.settle([living, ended], within=5)
        assert providers.asked == [ended]
        assert broker.value(living) == SecretValue("old")
        assert broker.value(ended) != SecretValue("old")

    _run(test)


def test_a_change_during_an_attempt_is_not_lost() -> None:
    async def test(broker: Broker, providers: Providers) -> None:
        (use,) = _uses(1)
        broker.hold([use])
        await _until(lambda: providers.now.get(use))
        broker.renew([use])
        await _until(lambda: len(providers.asked) == 2)
        await _until(lambda: broker.value(use) == SecretValue("value 2"))
        await asyncio.sleep(0.2)
        assert len(providers.asked) == 2

    _run(test, pause=0.1)


def test_a_change_before_an_attempt_costs_no_second_one() -> None:
    async def test(broker: Broker, providers: Providers) -> None:
        uses = _uses(8)
        broker.hold(uses)
        await _until(lambda: providers.asked)
        broker.renew(uses[5:])
        await broker.settle(uses, within=5)
        await asyncio.sleep(0.2)
        assert len(providers.asked) == 8

    _run(test, pause=0.05)


def test_the_wheel_stays_small_while_the_provider_is_down() -> None:
    async def test(broker: Broker, providers: Providers) -> None:
        uses = _uses(20)
        broker.hold(uses)
        for _ in range(60):
            broker.renew(uses)
            await asyncio.sleep(0.005)
        assert len(providers.asked) > 200
        assert len(broker._wheel) <= 2 * len(uses) + 64
        broker.hold([])
        assert len(broker._wheel) <= 64

    _run(test, trouble=ProviderError("down"))


@pytest.mark.parametrize("hanging", [1, 30])
def test_no_provider_waits_for_others_that_hang(hanging: int) -> None:
    """Many credentials of many providers that never answer, and one that renews twice a second."""

    async def test(broker: Broker, providers: Providers) -> None:
        healthy = _uses(3, provider="healthy")
        hung = [use for number in range(hanging) for use in _uses(100, provider=f"hung {number}")]
        providers.hung = {f"hung {number}" for number in range(hanging)}
        broker.hold([*hung, *healthy])
        await broker.settle(healthy, within=1)
        for _ in range(150):
            assert None not in [broker.value(use) for use in healthy]
            await asyncio.sleep(0.02)
        at = Counter(use.credential.asked for use, count in providers.now.items() if count)
        assert max(at.values()) <= AT_ONE
        assert sum(use.credential.asked == "healthy" for use in providers.asked) >= 9

    _run(test, life=1.0)


def test_what_ends_first_is_renewed_first_though_others_hold_nothing() -> None:
    async def test(broker: Broker, providers: Providers) -> None:
        uses = _uses(300)
        held = {use: Obtained(SecretValue("old"), time.time() + 3600) for use in uses[-3:]}
        broker.hold(uses, held)
        await _until(lambda: len(providers.asked) > 5)
        broker.renew(uses[-3:])
        asked = len(providers.asked)
        await _until(lambda: set(uses[-3:]) <= set(providers.asked))
        assert len(providers.asked) - asked < 12

    _run(test, pause=0.02)


def test_what_ended_while_the_machine_slept_is_gone_at_once() -> None:
    async def test(broker: Broker, providers: Providers) -> None:
        (use,) = _uses(1)
        broker.hold([use])
        await broker.settle([use], within=5)
        await asyncio.sleep(0.1)
        broker.take_changed()
        providers.ahead = 7200.0
        assert broker.value(use) is None
        async with asyncio.timeout(1.5):
            await broker.changed.wait()
        await _until(lambda: broker.value(use))
        assert len(providers.asked) == 2

    _run(test)


def test_a_clock_that_is_set_back_prolongs_nothing() -> None:
    """What was reckoned by a clock that was ahead ends as long after it came as the provider said."""

    async def test(broker: Broker, providers: Providers) -> None:
        (use,) = _uses(1)
        providers.ahead = 7200.0
        await asyncio.sleep(0.1)
        broker.hold([use])
        await broker.settle([use], within=5)
        providers.trouble = ProviderError("down")
        providers.ahead = 0.0
        began = time.monotonic()
        await _until(lambda: broker.value(use) is None)
        assert 1.0 < time.monotonic() - began < 4.0
        providers.trouble = None
        await _until(lambda: broker.value(use))
        assert time.monotonic() - began < 9.0, "nor does it put off the next attempt"

    _run(test, life=4.0)


def test_a_value_that_is_on_its_way_when_the_clock_is_set_back_is_obtained_again() -> None:
    async def test(broker: Broker, providers: Providers) -> None:
        (use,) = _uses(1)
        broker.hold([use])
        await _until(lambda: providers.now.get(use))
        providers.ahead = -7200.0
        await _until(lambda: len(providers.asked) == 2)

    _run(test, pause=1.5)
