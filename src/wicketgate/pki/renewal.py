"""When a certificate is renewed, and how loudly its end is announced."""

from __future__ import annotations

from wicketgate.pki.certificate import Certificate, utc, validity_problem

LADDER = (30, 14, 7, 1)
"""Days before the end, at each of which it is said again, louder."""
EXPIRED = 0

_DAY = 86400
_MOST_GRACE = 3600.0
_GRACE_SHARE = 24


def renew_at(certificate: Certificate) -> float:
    """Return when two thirds of its life are over, in unix seconds."""
    return certificate.not_before + _life(certificate) * 2 / 3


def renewal_due(certificate: Certificate, now: float) -> bool:
    return now >= renew_at(certificate)


def seconds_left(certificate: Certificate, now: float) -> float:
    """Return the seconds until the end; negative after it."""
    return certificate.not_after - now


def rung(certificate: Certificate, now: float) -> int | None:
    """Return the lowest rung of `LADDER` reached, `EXPIRED` (0) after the end, None when there is nothing to say.

    Nothing is said before the renewal is late: a certificate that lives for a day is not news on each of its days.
    Late is an hour after `renew_at`, or a 24th of a shorter life.
    """
    left = seconds_left(certificate, now)
    if left < 0:
        return EXPIRED
    if now < renew_at(certificate) + _grace(certificate):
        return None
    return min((days for days in LADDER if left <= days * _DAY), default=None)


def expiry_text(certificate: Certificate, now: float) -> str:
    """Return for example `expires in 6 days (2026-11-30 12:00 UTC)`; what `validity_problem` says outside its dates."""
    problem = validity_problem(certificate, now)
    if problem:
        return problem
    return f"expires in {_length(seconds_left(certificate, now))} ({utc(certificate.not_after)})"


def _grace(certificate: Certificate) -> float:
    return min(_MOST_GRACE, _life(certificate) / _GRACE_SHARE)


def _life(certificate: Certificate) -> int:
    return certificate.not_after - certificate.not_before


def _length(seconds: float) -> str:
    for unit, size in (("day", _DAY), ("hour", 3600), ("minute", 60)):
        count = int(seconds // size)
        if count:
            return f"{count} {unit}{'s' if count != 1 else ''}"
    return "less than a minute"
