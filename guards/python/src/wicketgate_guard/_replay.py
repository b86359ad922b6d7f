"""What was seen once is refused the second time, for as long as it would be good."""

from __future__ import annotations

import heapq
import threading
import time
from collections.abc import Awaitable
from typing import Callable, Protocol

_AT_A_TIME = 8
MOST = 1_000_000
"""Entries. A flood beyond this is refused: forgetting would let what was forgotten in again."""


class ReplayStore(Protocol):
    """Remembers one-time keys. Several processes that serve one origin must share one, in a database for example.

    Only `True` lets a request in. The ASGI middleware asks a store in threads of the guard's own.
    """

    def first(self, key: str, until: float) -> bool:
        """Note a key until a time (unix seconds); tell whether it is the first time. Must be one atomic step."""


class AsyncReplayStore(Protocol):
    """The same for the ASGI middleware alone, which awaits it."""

    def first(self, key: str, until: float) -> Awaitable[bool]:
        """As in `ReplayStore`."""


class ReplayStoreFull(Exception):
    """The store has no place left; its text says how many there are."""


class MemoryReplayStore:
    """Remembers within one process.

    Args:
        most: entries that are kept at the same time. One takes about 300 bytes, and a million is enough for 2,700
            signed requests a second, each of which is remembered for six minutes.
    """

    def __init__(self, *, most: int = MOST, clock: Callable[[], float] = time.time) -> None:
        self._most = most
        self._clock = clock
        self._seen: dict[str, float] = {}
        self._ends: list[tuple[float, str]] = []
        self._lock = threading.Lock()

    def first(self, key: str, until: float) -> bool:
        """As in `ReplayStore`. Raises `ReplayStoreFull` when all entries are still good."""
        with self._lock:
            now = self._clock()
            if self._seen.get(key, 0.0) > now:
                return False
            self._forget(now)
            if len(self._seen) >= self._most:
                raise ReplayStoreFull(f"it is full with {self._most} entries")
            self._seen[key] = until
            heapq.heappush(self._ends, (until, key))
            return True

    def _forget(self, now: float) -> None:
        """Take a few that have ended, the longest ended first: the rest of them waits for the next call."""
        for _ in range(_AT_A_TIME):
            if not self._ends or self._ends[0][0] > now:
                return
            until, key = heapq.heappop(self._ends)
            # A key that has come again since has another end.
            if self._seen.get(key) == until:
                del self._seen[key]
