"""The broker in the control plane: what secrets need is held, obtained anew when its makings change, remembered."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Mapping

from wicketgate.broker.broker import Broker, Report, name_of
from wicketgate.broker.source import Obtained
from wicketgate.control.key_files import KeyFiles
from wicketgate.control.makings import Makings
from wicketgate.control.remembered import Remembered
from wicketgate.envoy.names import use_name
from wicketgate.ir.credentials.base import CredentialUse
from wicketgate.ir.secrets import BrokeredToken, SecretSource, SigningKeys
from wicketgate.json_types import JsonObject
from wicketgate.secret_value import SecretValue

_FIRST_ANSWERS = 2.0
"""Seconds for which a new version waits for credentials that nobody has asked for yet."""
_TOLD = 5
"""Missing credentials that `/readyz` names; the rest it counts."""
_GATHER = 0.05
"""Seconds in which changes gather."""


class CredentialKeeper:
    """Holds what secrets need, and keeps the files that Envoy signs with. The broker's sources are `makings.noted`."""

    def __init__(self, broker: Broker, makings: Makings, files: KeyFiles, remembered: Remembered) -> None:
        self._broker = broker
        self._makings = makings
        self._files = files
        self._remembered = remembered
        self._remembering = asyncio.Lock()
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

    async def recall(self, sources: Iterable[SecretSource]) -> Mapping[CredentialUse, Obtained]:
        """Return values from before a restart, of what these need and nothing held needs."""
        new = [use for use in _uses(sources).keys() - set(self._broker.uses()) if use.credential.remembered]
        made_of = {use: self._makings.digest(use) for use in new}
        return await asyncio.to_thread(self._remembered.read, made_of) if made_of else {}

    def hold(
        self, sources: Iterable[SecretSource], recalled: Mapping[CredentialUse, Obtained] | None = None
    ) -> set[CredentialUse]:
        """Hold what these need and nothing else; return what nobody needed before. Raises `NoMemoryError`."""
        wanted, held = _uses(sources), set(self._broker.uses())
        new = wanted.keys() - held
        if wanted or held:
            self._hold(wanted, {use: each for use, each in (recalled or {}).items() if use in new})
            self._signing = {use for use, signs in wanted.items() if signs}
            for use in new & self._signing:
                self._files.make_place(use)
            # What is new has no keys yet, or those that Envoy still signs with after a restart of ours.
            self.write_keys(self._signing - new)
        self._files.keep_only(self._signing)
        return new

    async def settle(self, new: Collection[CredentialUse]) -> None:
        """Wait a little for the first answers, and remember them."""
        await self._broker.settle(new, within=_FIRST_ANSWERS)
        await self.remember()

    async def remember(self) -> None:
        """Seal what is held: whatever ends this process then, the next one goes on with the same values."""
        async with self._remembering:
            held = {use: each for use, each in self._broker.held().items() if use.credential.remembered}
            await asyncio.to_thread(self._remembered.write, held)

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
        self._broker.renew(self._makings.changed())

    async def run(self) -> None:
        """Keep the leases fresh, until cancelled."""
        await self._broker.run()

    def _hold(self, wanted: Mapping[CredentialUse, bool], recalled: Mapping[CredentialUse, Obtained]) -> None:
        self._broker.hold(wanted.keys(), recalled)
        self._makings.keep_only(wanted.keys(), recalled)
        self._broker.renew(self._makings.changed())


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
