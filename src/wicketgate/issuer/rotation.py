"""Which key signs when, so that whoever caches keys never meets a token that it cannot verify.

next      published, and signs nothing until every cache has had the time to learn it
current   signs
previous  signs nothing, and stays published until the last token that it signed has ended
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from wicketgate.issuer.keys import SigningKey

DAY = 86_400.0
NEVER = float("inf")
LONGEST_LIFE = 3600.0
"""Seconds that a token lives at most."""
MAX_AGE = 300
"""Seconds for which caches may keep the documents."""
_SKEW = 300.0


class Standing(StrEnum):
    NEXT = "next"
    CURRENT = "current"
    PREVIOUS = "previous"


@dataclass(frozen=True, slots=True)
class KeyInService:
    """A key, how it stands, and since when, in unix seconds: a next one since it is published, before that `NEVER`."""

    key: SigningKey
    standing: Standing
    since: float
    asked: bool = False
    """Whether somebody wants it replaced before its time."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """Seconds: how long a key signs, how long one is published before it does, and how long one stays after."""

    rotate_after: float = 30 * DAY
    publish_ahead: float = DAY
    keep_after: float = 2 * 3600.0

    @classmethod
    def for_tokens(cls, rotate_after: float, publish_ahead: float) -> Schedule:
        """Return a schedule that keeps a key for as long as anybody may hold a token that it signed."""
        return cls(rotate_after, publish_ahead, LONGEST_LIFE + _SKEW + MAX_AGE)


@dataclass(frozen=True, slots=True)
class Plan:
    """What is due: keys to promote and to forget, and whether a next one has to be made. `at` is when to look again."""

    promote: SigningKey | None = None
    forget: tuple[SigningKey, ...] = ()
    needs_next: bool = False
    needs_current: bool = False
    at: float = NEVER

    @property
    def is_empty(self) -> bool:
        return not (self.promote or self.forget or self.needs_next or self.needs_current)


def plan(keys: tuple[KeyInService, ...], schedule: Schedule, *, now: float, asked: bool = False) -> Plan:
    """Return what is due. `asked` wants the next key as soon as it may sign."""
    current = _only(keys, Standing.CURRENT)
    coming = _only(keys, Standing.NEXT)
    if current is None:
        return Plan(needs_current=True, needs_next=coming is None)
    if coming is None:
        return Plan(needs_next=True)
    wanted = now if asked else current.since + schedule.rotate_after
    ready = max(wanted, coming.since + schedule.publish_ahead)
    leaving = [each for each in keys if each.standing is Standing.PREVIOUS]
    ends = [each.since + schedule.keep_after for each in leaving]
    return Plan(
        promote=coming.key if ready <= now else None,
        forget=tuple(each.key for each, end in zip(leaving, ends, strict=True) if end <= now),
        at=min([ready, *(end for end in ends if end > now)]),
    )


def _only(keys: tuple[KeyInService, ...], standing: Standing) -> KeyInService | None:
    return next((each for each in keys if each.standing is standing), None)
