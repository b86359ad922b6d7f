"""What was seen once is refused the second time, for as long as it would be good."""

from __future__ import annotations

import logging
import threading
import time
from itertools import islice
from typing import Callable, Protocol

_logger = logging.getLogger("wicketgate_guard")

_AT_A_TIME = 8
MOST = 1_000_000
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
            now = self._clock()
            if self._seen.get(key, 0.0) > now:
                return False
            self._forget(now)
            if len(self._seen) >= self._most:
                _logger.error("the replay store is full: what comes is refused")
                return False
            self._seen.pop(key, None)
            self._seen[key] = until
            return True

    def _forget(self, now: float) -> None:
        """Take a few that have ended off the old end: the rest of them waits for the next call."""
        for key in list(islice(self._seen, _AT_A_TIME)):
            if self._seen[key] <= now:
                del self._seen[key]
