"""What was seen once is refused the second time, for as long as it would be good."""

from __future__ import annotations

import threading
import time
from typing import Callable, Protocol

MOST = 100_000
"""Entries. A flood beyond this is refused: forgetting would let what was forgotten in again."""


class ReplayStore(Protocol):
    """Remembers one-time keys. Several processes that serve one origin must share one, in a database for example."""

    def first(self, key: str, until: float) -> bool:
        """Note a key until a time (unix seconds); tell whether it is the first time. Must be one atomic step."""


class MemoryReplayStore:
    """Remembers within one process."""

    def __init__(self, *, most: int = MOST, clock: Callable[[], float] = time.time) -> None:
        self._most = most
        self._clock = clock
        self._seen: dict[str, float] = {}
        self._lock = threading.Lock()

    def first(self, key: str, until: float) -> bool:
        with self._lock:
            if self._seen.get(key, 0.0) > self._clock():
                return False
            if len(self._seen) >= self._most:
                self._forget()
            if len(self._seen) >= self._most:
                return False
            self._seen[key] = until
            return True

    def _forget(self) -> None:
        now = self._clock()
        self._seen = {key: until for key, until in self._seen.items() if until > now}
