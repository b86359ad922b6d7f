"""A version that an Envoy refused is held back, and offered again after a growing pause."""

from __future__ import annotations

from dataclasses import dataclass

RETRY_FIRST_SECONDS = 1.0
RETRY_MOST_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Refusal:
    """`times` in a row; `retry_at` is when to offer this version again."""

    version: str
    times: int
    retry_at: float

    @classmethod
    def after(cls, before: Refusal | None, version: str, now: float) -> Refusal:
        """Return what follows from a refusal of `version` now, where `before` is the one before it."""
        times = before.times + 1 if before is not None and before.version == version else 1
        pause = RETRY_FIRST_SECONDS * 2 ** min(times - 1, 16)
        return cls(version, times, now + min(pause, RETRY_MOST_SECONDS))

    def holds_back(self, version: str, now: float) -> bool:
        return version == self.version and now < self.retry_at
