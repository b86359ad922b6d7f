"""All leases: a wheel that wakes for the next one due, and turns at the providers."""

from __future__ import annotations

import asyncio
import logging
import random
import time
import traceback
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field

from wicketgate.broker.lease import Lease, Standing
from wicketgate.broker.source import Obtain, Obtained, ProviderError
from wicketgate.broker.turns import Turn, Turns
from wicketgate.broker.wheel import Wheel
from wicketgate.errors import WicketError
from wicketgate.ir.credentials.base import CredentialUse
from wicketgate.secret_value import SecretValue

_log = logging.getLogger(__name__)

_LONGEST_ASK = 30.0
"""Seconds after which an attempt counts as failed, whatever the source does."""
_BEFORE_LONG = 5.0
"""Seconds within which a provider answers, if only that it will not, that lets others be asked for beside."""
_LOOK = 1.0
"""Seconds between looks at the clock: it can be set, and it goes on while the machine sleeps."""
_STEP = 0.5
"""Seconds by which a clock is slewed in no second."""


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


@dataclass(slots=True, eq=False)
class _Kept:
    use: CredentialUse
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
        monotonic: Callable[[], float] = time.monotonic,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._opened = opened
        self._clock = clock
        self._monotonic = monotonic
        self._chance = chance
        self._ahead = clock() - monotonic()
        self._kept: dict[CredentialUse, _Kept] = {}
        self._wheel: Wheel[CredentialUse] = Wheel()
        self._sooner = asyncio.Event()
        self._turns: Turns[_Kept] = Turns()
        self.changed = asyncio.Event()
        self._touched: set[CredentialUse] = set()

    def hold(self, uses: Collection[CredentialUse], remembered: Mapping[CredentialUse, Obtained] | None = None) -> None:
        """Keep exactly these. `remembered` are values from before a restart; they serve until their end."""
        dropped = self._kept.keys() - set(uses)
        for use in dropped:
            self._kept.pop(use).retired = True
            self._wheel.forget(use)
        if dropped:
            self._turns.keep_only({use.credential.asked for use in self._kept})
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
        return [_report(kept, now) for kept in self._kept.values()]

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
                self._schedule(kept)

    async def settle(self, uses: Iterable[CredentialUse], *, within: float) -> None:
        """Wait until each has had its first answer, good or bad, but no longer than `within` seconds."""
        waiting = [kept.settled for use in uses if (kept := self._kept.get(use)) is not None]
        try:
            async with asyncio.timeout(within):
                for settled in waiting:
                    await settled.wait()
        except TimeoutError:
            return

    async def run(self) -> None:
        """Keep everything fresh until cancelled."""
        async with asyncio.TaskGroup() as group:
            while True:
                self._sooner.clear()
                self._follow_clock()
                self._look(self._clock())
                self._begin(group)
                try:
                    async with asyncio.timeout(self._pause()):
                        await self._sooner.wait()
                except TimeoutError:
                    continue

    def _keep(self, use: CredentialUse, remembered: Obtained | None) -> None:
        now = self._clock()
        kept = _Kept(use, Lease(use.credential.renewal, self._chance, due=now), self._opened(use))
        if remembered is not None and remembered.expires_at > now:
            kept.lease.took(remembered, now)
            kept.settled.set()
        self._kept[use] = kept
        self._schedule(kept)

    def _schedule(self, kept: _Kept) -> None:
        before = self._wheel.next
        self._wheel.note(kept.use, kept.lease.wakes())
        if self._wheel.next < before:
            self._sooner.set()

    def _pause(self) -> float | None:
        return min(max(0.0, self._wheel.next - self._clock()), _LOOK) if self._kept else None

    def _follow_clock(self) -> None:
        """A clock that goes ahead is right: what ends by it has ended, or will be renewed too early. One that goes back
        was wrong, and so are the ends that were reckoned by it."""
        ahead = self._clock() - self._monotonic()
        step, self._ahead = ahead - self._ahead, ahead
        if abs(step) > _STEP and self._kept:
            _log.warning("this machine's clock was set, or the machine slept: %+.1f s", step)
        if step < -_STEP:
            self._wheel.clear()
            for kept in self._kept.values():
                kept.lease.shift(step)
                self._schedule(kept)

    def _look(self, now: float) -> None:
        for use in self._wheel.come(now):
            kept = self._kept[use]
            if kept.lease.expire(now):
                _log.error("a credential has expired: %s", name_of(use), extra={"problem": kept.lease.problem})
                self._touch(use)
            if not kept.lease.asking and kept.lease.due <= now:
                self._line_up(kept)
            self._schedule(kept)

    def _line_up(self, kept: _Kept) -> None:
        kept.lease.ask()
        ends = kept.lease.held.expires_at if kept.lease.held else None
        self._turns.add(kept, provider=kept.use.credential.asked, ends=ends)

    def _begin(self, group: asyncio.TaskGroup) -> None:
        while (turn := self._turns.take()) is not None:
            if turn.item.retired:
                self._turns.done(turn)
            else:
                group.create_task(self._attempt(turn), name=f"credential {name_of(turn.item.use)}")

    async def _attempt(self, turn: Turn[_Kept]) -> None:
        kept, began = turn.item, self._monotonic()
        await self._ask(kept)
        within = self._monotonic() - began < _BEFORE_LONG
        self._turns.done(turn, answers=within or not kept.lease.problem)
        self._sooner.set()

    async def _ask(self, kept: _Kept) -> None:
        kept.attempts += 1
        kept.lease.begin()
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
            _log.error("a source of credentials broke: %s", name_of(kept.use), extra={"at": place})
            kept.lease.failed(ProviderError(f"the source broke ({type(error).__name__})"), self._clock())
        else:
            kept.lease.took(obtained, self._clock())
        self._tell(kept)

    def _tell(self, kept: _Kept) -> None:
        kept.settled.set()
        lease, name = kept.lease, name_of(kept.use)
        if lease.problem:
            kept.failures += 1
            if lease.problem != kept.told:
                _log.warning("no credential: %s: %s", name, lease.problem, extra={"hint": lease.hint})
        else:
            _log.info("a credential was %s: %s", "obtained again" if kept.told else "obtained", name)
            self._touch(kept.use)
        kept.told = lease.problem
        if not kept.retired:
            self._schedule(kept)

    def _touch(self, use: CredentialUse) -> None:
        self._touched.add(use)
        self.changed.set()


def _report(kept: _Kept, now: float) -> Report:
    lease = kept.lease
    held = lease.held if lease.value(now) is not None else None
    return Report(
        kept.use,
        lease.standing(now),
        held.expires_at if held else None,
        lease.due,
        lease.problem,
        lease.hint,
        kept.attempts,
        kept.failures,
    )


def name_of(use: CredentialUse) -> str:
    """Return what people call a credential: its kind and where it goes."""
    return f"{use.credential.kind} for {use.destination}"
