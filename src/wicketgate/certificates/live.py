"""Stored certificates, read anew when the state has changed."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from wicketgate.certificates.values import Authorities, PemKeyPair
from wicketgate.spec.certificates import PRIVATE

if TYPE_CHECKING:
    from wicketgate.store import Database

KEY_VARIABLE = "WICKET_KEY"
_UNREAD = -2
_NO_STORE = -1


@dataclass(slots=True)
class LiveCertificates:
    """One environment. Look-ups are served from memory until `token()` shows a change.

    Every method may raise `StoreError` or `SealError`.
    """

    environment: str
    database: Callable[[], Database | None]
    _seen: int = _UNREAD
    _enabled: dict[str, bool] = field(default_factory=dict)
    _pairs: dict[str, PemKeyPair] = field(default_factory=dict, repr=False)
    _authorities: dict[str, Authorities] = field(default_factory=dict)
    _vouching: dict[str, Authorities] = field(default_factory=dict)

    def identities(self) -> Mapping[str, bool]:
        self._refresh()
        return self._enabled

    def authorities(self) -> Collection[str]:
        self._refresh()
        return self._authorities

    def client_authorities(self) -> Collection[str]:
        self._refresh()
        return self._vouching

    def key_pair(self, name: str) -> PemKeyPair | None:
        self._refresh()
        return self._pairs.get(name)

    def authority(self, name: str) -> Authorities | None:
        self._refresh()
        return self._authorities.get(name)

    def client_authority(self, name: str) -> Authorities | None:
        self._refresh()
        return self._vouching.get(name)

    def private_authority(self) -> Authorities | None:
        self._refresh()
        return self._authorities.get(PRIVATE)

    def token(self) -> int:
        """Return what differs once a certificate may have changed, also by another process. Cheap enough to poll."""
        database = self.database()
        return database.sequence() if database else _NO_STORE

    def _refresh(self) -> None:
        token = self.token()
        if token != self._seen:
            self._read()
            self._seen = token

    def _read(self) -> None:
        from wicketgate.private_ca import PrivateCa
        from wicketgate.store.ca_certificates import AuthorityStore, Purpose
        from wicketgate.store.certificates import CertificateStore

        database = self.database()
        if database is None:
            self._enabled, self._pairs, self._authorities, self._vouching = {}, {}, {}, {}
            return
        store = CertificateStore(database)
        self._enabled = store.enabled(self.environment)
        self._pairs = {name: PemKeyPair(found.chain, found.key) for name, found in store.read(self.environment).items()}
        found: dict[Purpose, dict[str, Authorities]] = {purpose: {} for purpose in Purpose}
        for entry in AuthorityStore(database).entries():
            found[entry.purpose][entry.name] = Authorities(entry.chain, entry.revoked)
        self._authorities, self._vouching = found[Purpose.ORIGINS], found[Purpose.CLIENTS]
        if (private := PrivateCa(database).state()) is not None:
            self._authorities[PRIVATE] = Authorities(private.bundle, private.leaf_lists)


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
