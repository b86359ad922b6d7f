"""A clock for what has to last."""

from __future__ import annotations

import time
from collections.abc import Callable


class SteadyClock:
    """Unix seconds that go no faster than time passes, so that a clock which jumps ahead makes no day of a minute. One
    that is set back is followed."""

    def __init__(self, wall: Callable[[], float] = time.time, passing: Callable[[], float] = time.monotonic) -> None:
        self._wall = wall
        self._passing = passing
        self._now = wall()
        self._at = passing()

    def __call__(self) -> float:
        at = self._passing()
        self._now = min(self._wall(), self._now + at - self._at)
        self._at = at
        return self._now
