"""Keeping the certificate of `[acme]`: ordered when there is none, renewed in time, never given up for a worse one."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from wicketgate.control.live import Live
from wicketgate.errors import WicketError
from wicketgate.spec.installation import AcmeSection
from wicketgate.spec.variables import VariableLookup

if TYPE_CHECKING:
    from wicketgate.acme.order import AcmeAuthority, ExternalAccount
    from wicketgate.pki.certificate import Certificate
    from wicketgate.pki.key_pair import KeyPair
    from wicketgate.store import Database

_log = logging.getLogger(__name__)

_LOOK_SECONDS = 30.0
_FIRST_PAUSE_SECONDS = 60.0
_LONGEST_PAUSE_SECONDS = 6 * 3600.0
_ASK_SECONDS = 6 * 3600.0
"""Between two questions when to renew, as RFC 9773 section 4.3.3 has it where the authority does not say."""
_PUBLISH_SECONDS = 60.0
_JITTER = 0.1
_STAND_IN_DAYS = 30
STAND_IN = "no certificate yet"


@dataclass(frozen=True, slots=True)
class AcmeSettings:
    """`trust` are the roots of the authority's own server; `environment` is whose certificate it is."""

    section: AcmeSection
    trust: Path
    environment: str


class AcmeKeeper:
    """Orders and renews one certificate. `missing` says that there is none yet, and why, for `/readyz`."""

    def __init__(
        self,
        settings: AcmeSettings,
        database: Callable[[], Database],
        variables: VariableLookup,
        *,
        clock: Callable[[], float] = time.time,
        pauses: tuple[float, float] = (_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS),
    ) -> None:
        self._settings = settings
        self._database = database
        self._variables = variables
        self._clock = clock
        self._first_pause, self._longest_pause = pauses
        self._failures = 0
        self._ask_at = 0.0
        self.missing = ""

    async def prepare(self) -> None:
        """See to it that there is a certificate of the name, so that listeners have something to show.

        A stand-in is one that no caller trusts: handshakes fail at the caller, and nothing waits for it.
        """
        await asyncio.to_thread(self._prepare)

    async def keep(self, live: Live) -> None:
        """Run until cancelled."""
        pause = 0.0
        while True:
            await asyncio.sleep(pause)
            pause = await self.look(live)

    async def look(self, live: Live) -> float:
        """Order what is due, once; return the seconds until the next look."""
        try:
            if await asyncio.to_thread(self._is_due):
                await self._order(live)
            self._failures, self.missing = 0, ""
        except WicketError as error:
            self._failures += 1
            if self.missing:
                self.missing = f"{self._names}: {STAND_IN}: {error.message}"
            pause = self._pause()
            facts = {"hint": error.hint, "again_in_seconds": round(pause)}
            _log.error("no certificate for %s: %s", self._names, error.message, extra=facts)
            return pause
        return min(_LOOK_SECONDS, self._first_pause)

    @property
    def _names(self) -> str:
        return ", ".join(self._settings.section.names)

    def _pause(self) -> float:
        longest = min(self._longest_pause, self._first_pause * 2.0 ** min(self._failures - 1, 16))
        return longest * random.uniform(1 - _JITTER, 1 + _JITTER)  # noqa: S311 - spreads load, guards nothing

    async def _order(self, live: Live) -> None:
        loop = asyncio.get_running_loop()

        def publish(answers: Mapping[str, str]) -> None:
            attempt = asyncio.run_coroutine_threadsafe(live.answer_challenges(answers), loop).result(_PUBLISH_SECONDS)
            if not attempt.ok:
                raise WicketError(f"the answers could not be made live: {attempt.message}", hint=attempt.hint)

        try:
            await asyncio.to_thread(self._obtain, publish)
        finally:
            await live.answer_challenges({})
        _log.info("a certificate was issued", extra={"names": list(self._settings.section.names)})

    def _obtain(self, publish: Callable[[Mapping[str, str]], None]) -> None:
        from wicketgate.acme.errors import AcmeError
        from wicketgate.acme.order import order_certificate
        from wicketgate.pki.renewal import renewal_due
        from wicketgate.store.certificates import CertificateSource, CertificateStore

        pair = order_certificate(self._authority(), self._settings.section.names, publish)
        if not self._covered(pair.leaf) or renewal_due(pair.leaf, self._clock()):
            # In use it would be due again at once, and the authority asked without end.
            raise AcmeError(
                "the authority's certificate lacks a name, or most of its life is over",
                hint="compare the clocks, and look at the authority's policy; the certificate in use stays",
            )
        CertificateStore(self._database()).replace(self._settings.section.name, pair, source=CertificateSource.ACME)

    def _is_due(self) -> bool:
        from wicketgate.pki.renewal import renewal_due

        leaf = self._leaf()
        if leaf.issuer == f"CN={STAND_IN}":
            self.missing = self.missing or f"{self._names}: {STAND_IN}"
            return True
        return not self._covered(leaf) or renewal_due(leaf, self._clock()) or self._wanted_sooner(leaf)

    def _covered(self, leaf: Certificate) -> bool:
        """An authority may add names of its own."""
        return set(self._settings.section.names) <= set(leaf.dns_names)

    def _wanted_sooner(self, leaf: Certificate) -> bool:
        """Ask the authority, which may want a certificate replaced early (RFC 9773); its silence changes nothing."""
        from wicketgate.acme.errors import AcmeError
        from wicketgate.acme.order import renewal_time

        if self._clock() < self._ask_at:
            return False
        self._ask_at = self._clock() + _ASK_SECONDS
        try:
            wanted = renewal_time(self._authority(), leaf.pem)
        except AcmeError:
            return False
        return wanted is not None and self._clock() >= wanted

    def _leaf(self) -> Certificate:
        from wicketgate.acme.errors import AcmeError
        from wicketgate.pki.certificate import parse_certificates
        from wicketgate.store.certificates import CertificateSource, CertificateStore

        entry = CertificateStore(self._database()).find(self._settings.section.name)
        if entry.source is not CertificateSource.ACME:
            raise AcmeError(
                f"the certificate `{entry.name}` is not one that ACME gave, and is left alone",
                hint="give `[acme]` another `name`, or delete that certificate",
            )
        return parse_certificates(entry.chain.encode(), source=entry.name)[0]

    def _prepare(self) -> None:
        from wicketgate.store.certificates import CertificateSource, CertificateStore

        store, name = CertificateStore(self._database()), self._settings.section.name
        there = store.enabled(self._settings.environment)
        if name not in there:
            pair = _stand_in(self._clock())
            store.add(name, pair, [self._settings.environment], source=CertificateSource.ACME)
        elif not there[name]:
            store.enable(name, [self._settings.environment])

    def _authority(self) -> AcmeAuthority:
        from wicketgate.acme.order import AcmeAuthority, new_account_key
        from wicketgate.store.account_keys import account_key

        section = self._settings.section
        return AcmeAuthority(
            directory=section.directory,
            trust=self._settings.trust,
            account_key=account_key(self._database(), section.directory, make=new_account_key),
            email=section.email,
            external_account=self._external_account(),
        )

    def _external_account(self) -> ExternalAccount | None:
        from wicketgate.acme.errors import AcmeError
        from wicketgate.acme.order import ExternalAccount

        section = self._settings.section
        if section.external_account_key_id is None or section.external_account_variable is None:
            return None
        variable = self._variables.lookup(section.external_account_variable)
        if variable is None:
            raise AcmeError(
                f"the variable {section.external_account_variable} is not set",
                hint=f"set it with `wicket env set {section.external_account_variable} --secret`",
            )
        return ExternalAccount(section.external_account_key_id, variable.value)


def _stand_in(now: float) -> KeyPair:
    """Return a certificate that says what it is and that nobody trusts."""
    from wicketgate.pki.authority import create_root, issue
    from wicketgate.pki.extensions import Purpose
    from wicketgate.pki.profile import DAY, LeafProfile

    life = _STAND_IN_DAYS * DAY
    # Signed by a root, whose key is thrown away: Envoy serves no certificate whose key may sign certificates alone.
    return issue(create_root(STAND_IN, now=now, life=life), LeafProfile(STAND_IN, Purpose.SERVER, life=life), now=now)
