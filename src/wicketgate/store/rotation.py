"""How a secret is replaced without a refused request.

staged    the next value exists; the gateway still sends the current one; guards accept both
switched  the gateway sends the new value; guards still accept the old one
(retired) the old value is gone and the rotation is over
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from wicketgate.errors import WicketError


class RotationError(WicketError):
    """The step does not fit where the rotation stands; nothing was changed."""


class Phase(StrEnum):
    STAGED = "staged"
    SWITCHED = "switched"


@dataclass(frozen=True, slots=True)
class Rotation:
    """One rotation under way; times are seconds since the epoch, `settle` and `soak` seconds."""

    name: str
    environment: str
    phase: Phase
    since: float
    settle: float
    """How long guards get to learn the next value before the gateway sends it."""
    soak: float
    """How long guards still accept the old value."""
    held: bool = False
    """Stepped back by hand: nothing goes on by itself."""
    guard_file: str | None = None

    @property
    def due_at(self) -> float | None:
        """When the next step is due; None when it waits for a person."""
        if self.held:
            return None
        return self.since + (self.settle if self.phase is Phase.STAGED else self.soak)

    def is_due(self, now: float) -> bool:
        return self.due_at is not None and now >= self.due_at
