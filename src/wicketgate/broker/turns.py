"""Whose turn it is to be asked for: a provider that hangs holds up its own, and of its own what ends first comes first.

No clock and no I/O of its own.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Generic, TypeVar

T = TypeVar("T")

AT_ONE = 8
"""Attempts at once at a provider that answers: some thousand tokens of one that takes 0.1 s are there in a quarter of a
minute. At one that is new, or let the latest attempt wait long, it is one."""
AT_ONCE = 64
"""Attempts at once at all providers that answer, and again as many at all others: they never wait for each other. So
many providers must begin to hang in the same moment, divided by `AT_ONE`, before one that answers waits for them."""


@dataclass(slots=True)
class _Pool(Generic[T]):
    """Providers that answer, or all others; `ready` are those of whom another may be asked for."""

    ready: deque[_Provider[T]] = field(default_factory=deque)
    asking: int = 0


@dataclass(slots=True, eq=False)
class _Provider(Generic[T]):
    """`missing` hold nothing, in the order in which they came; `ending` is a heap by the end of what they hold."""

    answers: bool = False
    missing: deque[T] = field(default_factory=deque)
    ending: list[tuple[float, int, T]] = field(default_factory=list)
    asking: int = 0
    ready: bool = False
    ending_next: bool = False

    @property
    def free(self) -> bool:
        return bool(self.missing or self.ending) and self.asking < (AT_ONE if self.answers else 1)

    def pop(self) -> T:
        """Return the most urgent. What holds nothing is; yet it leaves every other turn to what would end meanwhile."""
        ending = bool(self.ending) and (self.ending_next or not self.missing)
        self.ending_next = not ending
        return heapq.heappop(self.ending)[2] if ending else self.missing.popleft()


@dataclass(frozen=True, slots=True)
class Turn(Generic[T]):
    """One attempt that may begin; `Turns.done` must be told when it has ended."""

    item: T
    _provider: _Provider[T]
    _pool: _Pool[T]


class Turns(Generic[T]):
    """Everything that waits, by provider."""

    def __init__(self) -> None:
        self._providers: dict[str, _Provider[T]] = {}
        self._pools: dict[bool, _Pool[T]] = {True: _Pool(), False: _Pool()}
        self._number = 0

    def add(self, item: T, *, provider: str, ends: float | None) -> None:
        """Let it wait; `ends` is when what it holds ends, None when it holds nothing."""
        found = self._providers.setdefault(provider, _Provider())
        if ends is None:
            found.missing.append(item)
        else:
            self._number += 1
            heapq.heappush(found.ending, (ends, self._number, item))
        self._line_up(found)

    def take(self) -> Turn[T] | None:
        """Return who may be asked for now, if anybody may."""
        for pool in self._pools.values():
            if pool.ready and pool.asking < AT_ONCE:
                return self._begun(pool.ready.popleft(), pool)
        return None

    def done(self, turn: Turn[T], *, answers: bool | None = None) -> None:
        """An attempt has ended; `answers` says whether the provider answered, be it no, before long. None says that it
        was not asked."""
        provider = turn._provider
        turn._pool.asking -= 1
        provider.asking -= 1
        if answers is not None and provider.answers != answers:
            self._step_back(provider)
            provider.answers = answers
        self._line_up(provider)

    def keep_only(self, providers: Collection[str]) -> None:
        """Forget others as soon as nobody of theirs waits or is asked for."""
        idle = [
            name
            for name, each in self._providers.items()
            if name not in providers and not (each.asking or each.missing or each.ending)
        ]
        for name in idle:
            del self._providers[name]

    def _begun(self, provider: _Provider[T], pool: _Pool[T]) -> Turn[T]:
        provider.ready = False
        provider.asking += 1
        pool.asking += 1
        turn = Turn(provider.pop(), provider, pool)
        self._line_up(provider)
        return turn

    def _line_up(self, provider: _Provider[T]) -> None:
        """One more of its own at a time, behind all others: no provider takes all turns."""
        if provider.free and not provider.ready:
            provider.ready = True
            self._pools[provider.answers].ready.append(provider)

    def _step_back(self, provider: _Provider[T]) -> None:
        if provider.ready:
            provider.ready = False
            self._pools[provider.answers].ready.remove(provider)
