"""One credential kept fresh: what it holds, when to ask again, and when to let go. No clock and no I/O of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum

from wicketgate.broker.source import Obtained, ProviderError
from wicketgate.errors import WicketError
from wicketgate.ir.credentials.base import Renewal
from wicketgate.secret_value import SecretValue

FIRST_PAUSE = 0.2
"""Seconds before the second attempt; each pause is twice the one before."""
LONGEST_PAUSE = 5.0
"""Seconds: so long at most a route waits for a provider that is back."""
LONGEST_WISH = 60.0
"""Seconds for which a provider may ask to be left alone."""
_SPREAD = 0.1
"""Part of a life over which renewals spread, so that what began together does not renew together."""
_DELIVERY = 1.0
"""Seconds before its end at which a value is let go: it takes a moment until nobody sends it any more."""
_LEAST = 5.0
"""Seconds before its end at which a value is renewed at the latest, whatever `expirationOffsetSeconds` says."""
_FRESH = 1 / 3
"""Part of a life before its end at which a short one is renewed."""


class Standing(StrEnum):
    """How a lease stands, for people."""

    WAITING = "waiting"
    HELD = "held"
    FAILING = "failing"
    """It holds a value that lives, and the latest attempt to renew it failed."""
    MISSING = "missing"
    """It holds nothing, and every attempt that `tokenRetries` grants has failed."""


@dataclass(slots=True)
class Lease:
    """Times are unix seconds; `chance` gives a number from 0 to 1. `due` is when to ask, unless `asking`; `again` says
    that what the provider is being asked with is no longer right."""

    renewal: Renewal
    chance: Callable[[], float]
    due: float = 0.0
    asking: bool = False
    again: bool = False
    failures: int = 0
    problem: str = ""
    hint: str = ""
    held: Obtained | None = None

    def value(self, now: float) -> SecretValue | None:
        """Return what may be sent at this moment: never a value past its end."""
        return self.held.value if self.held is not None and now < self.held.expires_at else None

    def standing(self, now: float) -> Standing:
        if self.value(now) is not None:
            return Standing.FAILING if self.problem else Standing.HELD
        return Standing.MISSING if self.failures > self.renewal.retries else Standing.WAITING

    @property
    def settled(self) -> bool:
        """Whether the first answer has come, good or bad."""
        return self.held is not None or bool(self.problem)

    def wakes(self) -> float:
        """Return when something is to be done next."""
        ends = self.held.expires_at if self.held is not None else float("inf")
        return ends if self.asking else min(self.due, ends)

    def ask(self) -> None:
        """Note that the provider is to be asked, as soon as its turn comes."""
        self.asking = True

    def begin(self) -> None:
        """Note that its turn has come: what changed before is part of what it is asked with."""
        self.again = False

    def took(self, obtained: Obtained, now: float) -> None:
        """Note what the provider gave, and when to renew it."""
        if not obtained.value or obtained.expires_at <= now:
            self.failed(ProviderError("the provider gave an empty or expired value"), now)
            return
        life = obtained.expires_at - now
        margin = max(min(self.renewal.offset, life * _FRESH), min(_LEAST, life * _FRESH))
        self.held = replace(obtained, expires_at=obtained.expires_at - min(_DELIVERY, life * _SPREAD))
        due = obtained.expires_at - margin - self.chance() * life * _SPREAD
        self.due = now if self.again else due
        self.asking, self.failures, self.problem, self.hint = False, 0, "", ""

    def failed(self, error: WicketError, now: float) -> None:
        """Note that the provider gave nothing, and when to ask again."""
        self.asking = False
        self.failures += 1
        self.problem, self.hint = error.message, error.hint
        self.due = now if self.again else now + self._pause(error)

    def renew(self, now: float) -> None:
        """Ask for another value at once, or once more; the one that is held serves until it comes."""
        self.due, self.again = now, self.asking

    def shift(self, seconds: float) -> None:
        """Move all times with a clock that was set; a value that is on its way may have its end by the old one."""
        self.due, self.again = self.due + seconds, self.asking
        if self.held is not None:
            self.held = replace(self.held, expires_at=self.held.expires_at + seconds)

    def expire(self, now: float) -> bool:
        """Let go of a value past its end; tell whether there was one."""
        if self.held is None or now < self.held.expires_at:
            return False
        self.held = None
        self.problem = self.problem or "the value has expired"
        return True

    def _pause(self, error: WicketError) -> float:
        wish = error.retry_after if isinstance(error, ProviderError) and error.retry_after else 0.0
        final = isinstance(error, ProviderError) and error.final
        pause = LONGEST_PAUSE if final else min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** min(self.failures - 1, 16))
        # Up to half of it earlier, so that many that failed together do not come back together.
        return max(pause * (1 - self.chance() / 2), min(wish, LONGEST_WISH))
