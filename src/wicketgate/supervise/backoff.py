"""When a child that ended is started again."""

from __future__ import annotations

from dataclasses import dataclass

_FIRST_SECONDS = 0.1
_MOST_SECONDS = 5.0
_STEADY_SECONDS = 10.0


@dataclass(slots=True)
class Backoff:
    """The first restart is immediate; each further one waits twice as long, up to five seconds.

    A child that ran for ten seconds counts as new.
    """

    failures: int = 0

    def pause(self, ran_seconds: float) -> float:
        """Return how many seconds to wait after a child that ran for `ran_seconds`."""
        self.failures = 1 if ran_seconds >= _STEADY_SECONDS else self.failures + 1
        if self.failures == 1:
            return 0.0
        return float(min(_FIRST_SECONDS * 2 ** min(self.failures - 2, 10), _MOST_SECONDS))
