"""When to look at whom: a heap that stays as small as what is in it, however often plans change."""

from __future__ import annotations

import heapq
from collections.abc import Hashable, Iterator
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)

_SLACK = 64


class Wheel(Generic[K]):
    """Times by key. A time too early costs a look, so a later one is not noted before the earlier has come."""

    def __init__(self) -> None:
        self._times: dict[K, float] = {}
        self._heap: list[tuple[float, int, K]] = []
        self._number = 0

    def __len__(self) -> int:
        """Return how much memory it takes, in entries."""
        return len(self._heap)

    @property
    def next(self) -> float:
        """The time of the next look, at the latest; infinity for none."""
        return self._heap[0][0] if self._heap else float("inf")

    def note(self, key: K, time: float) -> None:
        """Look at it then, or before; never, if that is infinity."""
        if time >= self._times.get(key, float("inf")):
            return
        self._times[key] = time
        self._number += 1
        heapq.heappush(self._heap, (time, self._number, key))
        self._tidy()

    def forget(self, key: K) -> None:
        """Never look at it, unless it is noted again."""
        self._times.pop(key, None)
        self._tidy()

    def clear(self) -> None:
        """Forget all."""
        self._times.clear()
        self._heap.clear()

    def come(self, now: float) -> Iterator[K]:
        """Take out whom to look at now."""
        while self._heap and self._heap[0][0] <= now:
            time, _, key = heapq.heappop(self._heap)
            if self._times.get(key) == time:
                del self._times[key]
                yield key

    def _tidy(self) -> None:
        if len(self._heap) > 2 * len(self._times) + _SLACK:
            self._heap = [each for each in self._heap if self._times.get(each[2]) == each[0]]
            heapq.heapify(self._heap)
