"""All leases: a wheel that wakes for the next one due, and a few workers that ask the providers."""

from __future__ import annotations

import asyncio
import heapq
import logging
import random
import traceback
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field

from wicketgate.broker.lease import Lease, Standing
from wicketgate.broker.source import Obtain, Obtained, ProviderError
from wicketgate.errors import WicketError
from wicketgate.ir.credentials.base import CredentialUse
from wicketgate.secret_value import SecretValue

_log = logging.getLogger(__name__)

_AT_ONCE = 16
"""Providers asked at the same time, by as many workers: however many leases there are, the tasks stay few."""
_LONGEST_ASK = 30.0
"""Seconds after which an attempt counts as failed, whatever the source does."""


@dataclass(frozen=True, slots=True)
class Report:
    """How one credential stands, without its value. Times are unix seconds."""

    use: CredentialUse
    standing: Standing
    expires_at: float | None
    next_attempt: float
    problem: str
    hint: str
    attempts: int
    failures: int


@dataclass(slots=True)
class _Kept:
    lease: Lease
    obtain: Obtain
    settled: asyncio.Event = field(default_factory=asyncio.Event)
    told: str = ""
    attempts: int = 0
    failures: int = 0
    retired: bool = False


class Broker:
    """Keeps the credentials that it is told to hold. `changed` is set whenever a value comes or goes, and
    `take_changed` tells whose."""

    def __init__(
        self,
        opened: Callable[[CredentialUse], Obtain],
        *,
        clock: Callable[[], float],
        chance: Callable[[], float] = random.random,
        at_once: int = _AT_ONCE,
    ) -> None:
        self._opened = opened
        self._clock = clock
        self._chance = chance
        self._at_once = at_once
        self._kept: dict[CredentialUse, _Kept] = {}
        self._wheel: list[tuple[float, int, CredentialUse]] = []
        self._turn = 0
        self._sooner = asyncio.Event()
        self._asked: asyncio.Queue[tuple[CredentialUse, _Kept]] = asyncio.Queue()
        self.changed = asyncio.Event()
        self._touched: set[CredentialUse] = set()

    def hold(self, uses: Collection[CredentialUse], remembered: Mapping[CredentialUse, Obtained] | None = None) -> None:
        """Keep exactly these. `remembered` are values from before a restart; they serve until their end."""
        for use in self._kept.keys() - set(uses):
            self._kept.pop(use).retired = True
        for use in uses:
            if use not in self._kept:
                self._keep(use, (remembered or {}).get(use))

    def value(self, use: CredentialUse) -> SecretValue | None:
        """Return the living value of a credential, or None."""
        kept = self._kept.get(use)
        return kept.lease.value(self._clock()) if kept else None

    def held(self) -> dict[CredentialUse, Obtained]:
        """Return every value that lives."""
        now = self._clock()
        return {use: kept.lease.held for use, kept in self._kept.items() if kept.lease.held and kept.lease.value(now)}

    def reports(self) -> list[Report]:
        """Return how each stands."""
        now = self._clock()
        return [self._report(use, kept, now) for use, kept in self._kept.items()]

    def take_changed(self) -> set[CredentialUse]:
        """Return whose values have come or gone since this was asked last."""
        touched, self._touched = self._touched, set()
        self.changed.clear()
        return touched

    def uses(self) -> Collection[CredentialUse]:
        """Return what is held."""
        return self._kept.keys()

    def renew(self, uses: Iterable[CredentialUse]) -> None:
        """Ask for new values at once, because what they are made of has changed."""
        for use in uses:
            if (kept := self._kept.get(use)) is not None:
                kept.lease.renew(self._clock())
                self._schedule(use, kept)

    async def settle(self, uses: Iterable[CredentialUse], *, within: float) -> None:
        """Wait until each has had its first answer, good or bad, but no longer than `within` seconds."""
        waiting = [kept.settled.wait() for use in uses if (kept := self._kept.get(use)) is not None]
        try:
            async with asyncio.timeout(within):
                await asyncio.gather(*waiting)
        except TimeoutError:
            return

    async def run(self) -> None:
        """Keep everything fresh until cancelled."""
        async with asyncio.TaskGroup() as group:
            for number in range(self._at_once):
                group.create_task(self._work(), name=f"broker worker {number}")
            group.create_task(self._turn_wheel(), name="broker wheel")

    def _keep(self, use: CredentialUse, remembered: Obtained | None) -> None:
        now = self._clock()
        kept = _Kept(Lease(use.credential.renewal, self._chance, due=now), self._opened(use))
        if remembered is not None and remembered.expires_at > now:
            kept.lease.took(remembered, now)
            kept.settled.set()
        self._kept[use] = kept
        self._schedule(use, kept)

    def _schedule(self, use: CredentialUse, kept: _Kept) -> None:
        self._turn += 1
        heapq.heappush(self._wheel, (kept.lease.wakes(), self._turn, use))
        if self._wheel[0][1] == self._turn:
            self._sooner.set()

    async def _turn_wheel(self) -> None:
        while True:
            self._sooner.clear()
            self._wake()
            pause = self._wheel[0][0] - self._clock() if self._wheel else None
            try:
                async with asyncio.timeout(pause):
                    await self._sooner.wait()
            except TimeoutError:
                continue

    def _wake(self) -> None:
        now = self._clock()
        while self._wheel and self._wheel[0][0] <= now:
            use = heapq.heappop(self._wheel)[2]
            kept = self._kept.get(use)
            if kept is not None and kept.lease.wakes() <= now:
                self._do_what_is_due(use, kept, now)

    def _do_what_is_due(self, use: CredentialUse, kept: _Kept, now: float) -> None:
        if kept.lease.expire(now):
            _log.error("a credential has expired: %s", name_of(use), extra={"problem": kept.lease.problem})
            self._touch(use)
        if not kept.lease.asking and kept.lease.due <= now:
            kept.lease.ask()
            self._asked.put_nowait((use, kept))
        self._schedule(use, kept)

    async def _work(self) -> None:
        while True:
            use, kept = await self._asked.get()
            if not kept.retired:
                await self._ask(use, kept)

    async def _ask(self, use: CredentialUse, kept: _Kept) -> None:
        kept.attempts += 1
        try:
            async with asyncio.timeout(_LONGEST_ASK):
                obtained = await kept.obtain()
        except TimeoutError:
            kept.lease.failed(ProviderError(f"no answer within {_LONGEST_ASK:g} s"), self._clock())
        except WicketError as error:
            kept.lease.failed(error, self._clock())
        except Exception as error:
            # A source that breaks must not stop the others. What it says may hold a secret: only the place is told.
            place = "".join(traceback.format_tb(error.__traceback__)[-3:])
            _log.error("a source of credentials broke: %s", name_of(use), extra={"at": place})
            kept.lease.failed(ProviderError(f"the source broke ({type(error).__name__})"), self._clock())
        else:
            kept.lease.took(obtained, self._clock())
        self._tell(use, kept)

    def _tell(self, use: CredentialUse, kept: _Kept) -> None:
        kept.settled.set()
        lease, name = kept.lease, name_of(use)
        if lease.problem:
            kept.failures += 1
            if lease.problem != kept.told:
                _log.warning("no credential: %s: %s", name, lease.problem, extra={"hint": lease.hint})
        else:
            _log.info("a credential was %s: %s", "obtained again" if kept.told else "obtained", name)
            self._touch(use)
        kept.told = lease.problem
        if not kept.retired:
            self._schedule(use, kept)

    def _touch(self, use: CredentialUse) -> None:
        self._touched.add(use)
        self.changed.set()

    @staticmethod
    def _report(use: CredentialUse, kept: _Kept, now: float) -> Report:
        lease = kept.lease
        held = lease.held if lease.value(now) is not None else None
        ends = held.expires_at if held else None
        return Report(
            use, lease.standing(now), ends, lease.due, lease.problem, lease.hint, kept.attempts, kept.failures
        )


def name_of(use: CredentialUse) -> str:
    """Return what people call a credential: its kind and where it goes."""
    return f"{use.credential.kind} for {use.destination}"
