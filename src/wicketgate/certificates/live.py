"""Stored certificates, read anew when the state has changed."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from wicketgate.certificates.values import Authorities, PemKeyPair
from wicketgate.errors import WicketError
from wicketgate.spec.certificates import PRIVATE

if TYPE_CHECKING:
    from wicketgate.store import Database

KEY_VARIABLE = "WICKET_KEY"
_UNREAD = -2
_NO_STORE = -1


@dataclass(frozen=True, slots=True)
class HeldCertificates:
    """The certificates of one environment at one moment."""

    known: Mapping[str, bool] = field(default_factory=dict)
    pairs: Mapping[str, PemKeyPair] = field(default_factory=dict, repr=False)
    trusted: Mapping[str, Authorities] = field(default_factory=dict)
    vouching: Mapping[str, Authorities] = field(default_factory=dict)
    signing: Authorities | None = None

    def identities(self) -> Mapping[str, bool]:
        return self.known

    def authorities(self) -> Collection[str]:
        return self.trusted

    def client_authorities(self) -> Collection[str]:
        return self.vouching

    def key_pair(self, name: str) -> PemKeyPair | None:
        return self.pairs.get(name)

    def authority(self, name: str) -> Authorities | None:
        return self.trusted.get(name)

    def client_authority(self, name: str) -> Authorities | None:
        return self.vouching.get(name)

    def private_authority(self) -> Authorities | None:
        return self.trusted.get(PRIVATE)

    def signing_authority(self) -> Authorities | None:
        return self.signing

    def at_once(self) -> HeldCertificates:
        return self


@dataclass(slots=True)
class LiveCertificates:
    """One environment. Look-ups are served from memory until `token()` shows a change.

    Every method but `at_once` may raise `StoreError` or `SealError`.
    """

    environment: str
    database: Callable[[], Database | None]
    _seen: int = _UNREAD
    _held: HeldCertificates = field(default_factory=HeldCertificates)

    def identities(self) -> Mapping[str, bool]:
        return self._now().identities()

    def authorities(self) -> Collection[str]:
        return self._now().authorities()

    def client_authorities(self) -> Collection[str]:
        return self._now().client_authorities()

    def key_pair(self, name: str) -> PemKeyPair | None:
        return self._now().key_pair(name)

    def authority(self, name: str) -> Authorities | None:
        return self._now().authority(name)

    def client_authority(self, name: str) -> Authorities | None:
        return self._now().client_authority(name)

    def private_authority(self) -> Authorities | None:
        return self._now().private_authority()

    def signing_authority(self) -> Authorities | None:
        return self._now().signing_authority()

    def at_once(self) -> HeldCertificates | LiveCertificates:
        """Return what there is now. Where the state cannot be read, that is left to the look-ups to raise."""
        try:
            return self._now()
        except WicketError:
            return self

    def token(self) -> int:
        """Return what differs once a certificate may have changed, also by another process. Cheap enough to poll."""
        database = self.database()
        return database.sequence() if database else _NO_STORE

    def _now(self) -> HeldCertificates:
        token = self.token()
        if token != self._seen:
            self._held = self._read()
            self._seen = token
        return self._held

    def _read(self) -> HeldCertificates:
        from wicketgate.private_ca import PrivateCa
        from wicketgate.store.ca_certificates import AuthorityStore, Purpose
        from wicketgate.store.certificates import CertificateStore

        database = self.database()
        if database is None:
            return HeldCertificates()
        store = CertificateStore(database)
        known = store.enabled(self.environment)
        pairs = {name: PemKeyPair(found.chain, found.key) for name, found in store.read(self.environment).items()}
        found: dict[Purpose, dict[str, Authorities]] = {purpose: {} for purpose in Purpose}
        for entry in AuthorityStore(database).entries():
            found[entry.purpose][entry.name] = Authorities(entry.chain, entry.revoked)
        signing = None
        if (private := PrivateCa(database).state()) is not None:
            found[Purpose.ORIGINS][PRIVATE] = Authorities(private.bundle, private.leaf_lists)
            signing = Authorities(private.signing)
        return HeldCertificates(known, pairs, found[Purpose.ORIGINS], found[Purpose.CLIENTS], signing)


def open_certificates(*, state: Path, environment: str, process: Mapping[str, str] | None = None) -> LiveCertificates:
    """Open the certificates of a state. One that does not exist yet has none, and is not made by looking."""
    key = (os.environ if process is None else process).get(KEY_VARIABLE)
    opened: list[Database] = []

    def database() -> Database | None:
        if not opened and (state / "state.db").exists():
            # The database library is half of a command's start-up time, and many projects have no store.
            from wicketgate.store import open_database

            opened.append(open_database(state, key=key))
        return opened[0] if opened else None

    return LiveCertificates(environment, database)
