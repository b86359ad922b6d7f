"""Seeing to it that no certificate ends unnoticed: the alarm ladder in the log, and what metrics and `/readyz` tell."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import replace

from wicketgate.certificates import Certificates
from wicketgate.certificates.in_use import InUse, Use, in_use, signing
from wicketgate.control.live import Live
from wicketgate.json_types import JsonObject
from wicketgate.pki.certificate import Certificate
from wicketgate.pki.renewal import LADDER, rung

_log = logging.getLogger(__name__)

_TICK_SECONDS = 1.0
_LOOK_SECONDS = 30.0
_DAY = 86_400.0


class ExpiryWatch:
    """Looks at the certificates of the live version. `found` is what it saw last."""

    def __init__(self, live: Live, certificates: Certificates, *, clock: Callable[[], float] = time.time) -> None:
        self._live = live
        self._certificates = certificates
        self._clock = clock
        self._told: dict[str, tuple[int, float]] = {}
        """By fingerprint: the lowest rung that was told, and when."""
        self.found: tuple[InUse, ...] = ()

    async def watch(self) -> None:
        """Run until cancelled; look at each new version, and now and then."""
        seen, due = "", 0.0
        while True:
            await asyncio.sleep(_TICK_SECONDS)
            if self._live.version != seen or self._clock() >= due:
                seen, due = self._live.version, self._clock() + _LOOK_SECONDS
                await asyncio.to_thread(self.look)

    def look(self) -> None:
        """Look once, and say of each certificate that climbed down a rung how it stands.

        What cannot be read any more is in use as it was: only what is whole goes live.
        """
        candidate = self._live.candidate
        before = {(each.name, each.use): each.chain for each in self.found}
        named = in_use(candidate.sources.values(), self._certificates) if candidate else ()
        self.found = tuple(
            each if each.chain else replace(each, chain=before.get((each.name, each.use), ()))
            for each in (*named, *signing(self._certificates))
        )
        told: dict[str, tuple[int, float]] = {}
        for each in self.found:
            for certificate in each.chain:
                self._tell(each, certificate, told)
        self._told = told

    @property
    def unusable(self) -> str:
        """What is shown, or vouches for origins, and is missing or out of its dates, in words for `/readyz`."""
        now = self._clock()
        needed = (each for each in self.found if each.use in (Use.SHOWN, Use.TRUSTED))
        problems = ((each.name, each.unusable(now)) for each in needed)
        return "; ".join(f"{name}: {problem}" for name, problem in problems if problem)

    def ends(self) -> dict[tuple[str, str], int]:
        """Return by name and use when each ends, in unix seconds."""
        return {(each.name, each.use.value): each.first_to_end.not_after for each in self.found if each.chain}

    def messages(self) -> list[JsonObject]:
        """Return what is known of each certificate, for `/status`."""
        return [_message(each, self._clock()) for each in self.found]

    def _tell(self, each: InUse, certificate: Certificate, told: dict[str, tuple[int, float]]) -> None:
        """Each rung is told once; the last one, and what comes after it, once a day."""
        now, reached = self._clock(), rung(certificate, self._clock())
        if reached is None or certificate.fingerprint in told:
            return
        before, at = self._told.get(certificate.fingerprint, (LADDER[0] + 1, 0.0))
        told[certificate.fingerprint] = (before, at)
        if reached < before or (reached <= LADDER[-1] and now - at >= _DAY):
            told[certificate.fingerprint] = (reached, now)
            level = logging.ERROR if reached <= LADDER[-1] else logging.WARNING
            facts = {"use": each.use.value, "serial": certificate.serial}
            _log.log(level, "the certificate %s %s", each.name, each.dates(certificate, now), extra=facts)


def _message(each: InUse, now: float) -> JsonObject:
    first = each.chain[0] if each.chain else None
    return {
        "name": each.name,
        "use": each.use.value,
        "problem": each.problem or each.alarm(now),
        "subject": first.subject if first else "",
        "serialNumber": first.serial if first else "",
        "notAfter": each.first_to_end.not_after if first else None,
    }
