"""The broker in the control plane: what secrets need is held, obtained anew when its texts change, remembered."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass

from wicketgate.broker.broker import Broker, Report, name_of
from wicketgate.control.key_files import KeyFiles
from wicketgate.control.remembered import Remembered
from wicketgate.control.texts import VariableTexts
from wicketgate.envoy.names import use_name
from wicketgate.errors import WicketError
from wicketgate.ir.credentials.base import CredentialUse
from wicketgate.ir.secrets import BrokeredToken, SecretSource, SigningKeys, TextSecret
from wicketgate.json_types import JsonObject
from wicketgate.secret_value import SecretValue

_FIRST_ANSWERS = 2.0
"""Seconds for which a new version waits for credentials that nobody has asked for yet."""
_TOLD = 5
"""Missing credentials that `/readyz` names; the rest it counts."""
_GATHER = 0.05
"""Seconds in which changes gather."""


class CredentialKeeper:
    """Holds what secrets need, and keeps the files that Envoy signs with."""

    def __init__(self, broker: Broker, texts: VariableTexts, files: KeyFiles, remembered: Remembered) -> None:
        self._broker = broker
        self._texts = texts
        self._files = files
        self._remembered = remembered
        self._digest_key = secrets.token_bytes(32)
        self._token: object = None
        self._made_of: dict[CredentialUse, bytes] = {}
        self._signing: set[CredentialUse] = set()

    def value(self, use: CredentialUse) -> SecretValue | None:
        return self._broker.value(use)

    def signs(self, use: CredentialUse) -> bool:
        return self._files.holds(use) and self._broker.value(use) is not None

    def reports(self) -> list[Report]:
        """Return how each credential stands."""
        return self._broker.reports()

    def messages(self) -> list[JsonObject]:
        """Return how each credential stands, as JSON without values; times are unix seconds."""
        return [_message(each) for each in self.reports()]

    @property
    def missing(self) -> str:
        """What is not there to be sent, in words for `/readyz`."""
        found = [each for each in self.reports() if each.expires_at is None]
        told = [f"{name_of(each.use)}: {each.problem or 'not obtained yet'}" for each in found[:_TOLD]]
        rest = [f"and {len(found) - _TOLD} more"] if len(found) > _TOLD else []
        return "; ".join([*told, *rest])

    def hold(self, sources: Iterable[SecretSource]) -> set[CredentialUse]:
        """Hold what these need and nothing else; return what nobody needed before. Raises `NoMemoryError`."""
        wanted = _uses(sources)
        new = wanted.keys() - self._made_of.keys()
        if wanted or self._made_of:
            self._hold(wanted)
            self._signing = {use for use, signs in wanted.items() if signs}
            for use in new & self._signing:
                self._files.make_place(use)
            self.write_keys(self._signing)
            self._files.keep_only(self._signing)
        return new

    async def settle(self, new: Collection[CredentialUse]) -> None:
        """Wait a little for the first answers, and remember them."""
        await self._broker.settle(new, within=_FIRST_ANSWERS)
        await self.remember()

    async def remember(self) -> None:
        """Seal what is held: whatever ends this process then, the next one goes on with the same values."""
        await asyncio.to_thread(self._remembered.write, self._broker.held())

    def look_again(self) -> None:
        """Let `changed` end, though no value has changed."""
        self._broker.changed.set()

    async def changed(self) -> set[CredentialUse]:
        """Wait until values have come or gone, and a little longer for more of them; return whose."""
        await self._broker.changed.wait()
        await asyncio.sleep(_GATHER)
        return self._broker.take_changed()

    def write_keys(self, changed: Iterable[CredentialUse]) -> None:
        """Put those of them that Envoy signs with where it reads them."""
        for use in self._signing.intersection(changed):
            self._files.write(use, self._broker.value(use))

    def issuer_rolled(self) -> None:
        """Replace what was made with a key that signs no more."""
        self._broker.renew([use for use in self._broker.uses() if use.credential.needs_issuer])

    async def run(self) -> None:
        """Keep the leases fresh, until cancelled."""
        await self._broker.run()

    def _hold(self, wanted: Mapping[CredentialUse, bool]) -> None:
        token, before = self._texts.token(), self._made_of
        known = before if token == self._token else {}
        self._token = token
        self._made_of = {use: known.get(use) or self._digest(use) for use in wanted}
        stale = [use for use, digest in self._made_of.items() if before.get(use, digest) != digest]
        new = wanted.keys() - before.keys()
        self._broker.hold(wanted.keys(), self._remembered.read(new) if new else None)
        self._broker.renew(stale)

    def _digest(self, use: CredentialUse) -> bytes:
        """Tell whether a text that the credential is made of has changed, without keeping the text."""
        digest = hmac.new(self._digest_key, digestmod=hashlib.sha256)
        for secret in _texts(use.credential):
            try:
                text = self._texts.text(secret).reveal().encode()
            except WicketError:
                text = b""
            digest.update(len(text).to_bytes(8, "big") + text)
        return digest.digest()


def _message(report: Report) -> JsonObject:
    return {
        "kind": report.use.credential.kind,
        "destination": report.use.destination,
        "name": use_name(report.use),
        "state": report.standing.value,
        "expiresAt": report.expires_at,
        "nextAttempt": report.next_attempt,
        "problem": report.problem,
        "hint": report.hint,
        "attempts": report.attempts,
        "failures": report.failures,
    }


def _uses(sources: Iterable[SecretSource]) -> dict[CredentialUse, bool]:
    """Return what the broker has to hold, each with whether Envoy signs with it."""
    found: dict[CredentialUse, bool] = {}
    for source in sources:
        match source:
            case BrokeredToken(use):
                found.setdefault(use, False)
            case SigningKeys(use):
                found[use] = True
            case _:
                pass
    return found


def _texts(value: object) -> Iterator[TextSecret]:
    if isinstance(value, TextSecret):
        yield value
    elif isinstance(value, tuple):
        for item in value:
            yield from _texts(item)
    elif is_dataclass(value):
        for field in fields(value):
            yield from _texts(getattr(value, field.name))
