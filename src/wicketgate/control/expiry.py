"""Seeing to it that no certificate ends unnoticed: the alarm ladder in the log, and what metrics and `/readyz` tell."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable

from wicketgate.certificates import Certificates
from wicketgate.certificates.in_use import InUse, Use, in_use
from wicketgate.control.live import Live
from wicketgate.json_types import JsonObject
from wicketgate.pki.certificate import validity_problem
from wicketgate.pki.renewal import EXPIRED, LADDER, rung

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
        """Look once, and say of each certificate that climbed down a rung how it stands."""
        candidate = self._live.candidate
        self.found = tuple(in_use(candidate.sources.values(), self._certificates)) if candidate else ()
        for each in self.found:
            self._tell(each)

    @property
    def unusable(self) -> str:
        """What is shown to others and is missing or out of its dates, in words for `/readyz`."""
        now = self._clock()
        return "; ".join(filter(None, (_unusable(each, now) for each in self.found if each.use is Use.SHOWN)))

    def messages(self) -> list[JsonObject]:
        """Return what is known of each certificate, for `/status`."""
        return [_message(each, self._clock()) for each in self.found]

    def _tell(self, each: InUse) -> None:
        """Each rung is told once; the last one, and what comes after it, once a day."""
        now = self._clock()
        reached = None if each.certificate is None else rung(each.certificate, now)
        if each.certificate is None or reached is None:
            self._told.pop(each.name, None)
            return
        before, at = self._told.get(each.name, (LADDER[0] + 1, 0.0))
        if reached < before or (reached <= LADDER[-1] and now - at >= _DAY):
            self._told[each.name] = (reached, now)
            level = logging.ERROR if reached in (LADDER[-1], EXPIRED) else logging.WARNING
            facts = {"use": each.use.value, "serial": each.certificate.serial}
            _log.log(level, "the certificate %s %s", each.name, each.alarm(now), extra=facts)


def _unusable(each: InUse, now: float) -> str:
    problem = each.problem if each.certificate is None else validity_problem(each.certificate, now)
    return f"{each.name}: {problem}" if problem else ""


def _message(each: InUse, now: float) -> JsonObject:
    certificate = each.certificate
    return {
        "name": each.name,
        "use": each.use.value,
        "problem": each.problem or each.alarm(now),
        "subject": certificate.subject if certificate else "",
        "serialNumber": certificate.serial if certificate else "",
        "notAfter": certificate.not_after if certificate else None,
    }
