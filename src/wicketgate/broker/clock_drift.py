"""How far this machine's clock is from those of the providers: tokens and signatures count by time."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

_log = logging.getLogger(__name__)

TOLERATED = 30.0
"""Seconds. Verifiers take a minute; half of it is time to set the clock in."""
_TOLD = 60.0
"""Seconds of drift from which a refusal may come of it."""
_BELIEVED = 86_400.0
"""Seconds of drift up to which the provider's clock counts: further off, it is as likely wrong as ours."""


def http_date(text: str) -> float | None:
    """Return a date of HTTP (RFC 9110 section 5.6.7) in unix seconds; one that cannot be read says nothing."""
    try:
        return parsedate_to_datetime(text).timestamp()
    except (TypeError, ValueError, OverflowError):
        return None


def their_time(date: str, *, now: float) -> float:
    """Return the time by which what a provider says counts: the `Date` of its answer, or ours where that tells none."""
    at = http_date(date)
    return now if at is None or abs(now - at) > _BELIEVED else at


def hint_of_drift(date: str, *, now: float) -> str:
    """Say what to do about a clock that is wrong by the `Date` of a refusal; empty where it is not."""
    at = http_date(date)
    drift = 0.0 if at is None else now - at
    ahead = "ahead of" if drift > 0 else "behind"
    far = f"the clock of this machine is {abs(drift):.0f} s {ahead} the provider's: set it by NTP"
    return far if abs(drift) > _TOLD else ""


class ClockDrift:
    """What the latest answer of each provider said. Says so in the log when it becomes too much, and when it ends."""

    def __init__(self) -> None:
        self._seconds: dict[str, float] = {}

    @property
    def seconds(self) -> Mapping[str, float]:
        """By host, by how much our clock is ahead."""
        return self._seconds

    def note(self, host: str, date: str, *, now: float) -> None:
        """Take the `Date` of an answer (RFC 9110 section 6.6.1); one that cannot be read says nothing."""
        at = http_date(date)
        if at is None:
            return
        drift = now - at
        before, self._seconds[host] = self._seconds.get(host, 0.0), drift
        if _is_much(drift) and not _is_much(before):
            ahead = "ahead of" if drift > 0 else "behind"
            _log.warning("this machine's clock is %.0f s %s that of %s: set it by NTP", abs(drift), ahead, host)
        elif _is_much(before) and not _is_much(drift):
            _log.info("this machine's clock agrees with that of %s again", host)


def _is_much(drift: float) -> bool:
    return abs(drift) > TOLERATED


CLOCKS = ClockDrift()
"""A machine has one clock, and so a process has one of these."""
