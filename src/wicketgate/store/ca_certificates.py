"""Certificate authorities that the installation trusts: for callers' certificates, or for origins'."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from wicketgate.store.certificates import CertificateStoreError
from wicketgate.store.database import Database
from wicketgate.store.schema import CA_CERTIFICATES

_ID_BYTES = 12


class Purpose(StrEnum):
    """What an authority vouches for."""

    CLIENTS = "clients"
    ORIGINS = "origins"


@dataclass(frozen=True, slots=True)
class AuthorityEntry:
    """One authority; nothing of it is secret. Times are seconds since the epoch."""

    name: str
    id: str
    purpose: Purpose
    chain: str
    """PEM: the certificate, or several that stand for one name."""
    revoked: str
    """PEM: revocation lists (RFC 5280 section 5), or empty."""
    created_at: float
    changed_at: float


@dataclass(frozen=True, slots=True)
class AuthorityStore:
    """Wherever an authority is looked for by name, its id (`mtlsca_…`) will do too."""

    database: Database

    def add(self, name: str, chain: str, purpose: Purpose, *, revoked: str = "") -> str:
        """Keep a new authority and return its id. Raises `CertificateStoreError` if the name is taken."""
        now, identifier = self.database.clock(), f"mtlsca_{secrets.token_hex(_ID_BYTES)}"
        with self.database.write() as connection:
            if _row(connection, name) is not None:
                raise CertificateStoreError(
                    f"there is a CA certificate `{name}` already",
                    hint=f"put a new one in its place: `wicket ca-certificate update {name} --cert FILE`",
                )
            row = {"name": name, "id": identifier, "purpose": purpose.value, "chain": chain, "revoked": revoked}
            connection.execute(insert(CA_CERTIFICATES).values(**row, created_at=now, changed_at=now))
        return identifier

    def update(self, name: str, *, chain: str | None = None, revoked: str | None = None) -> None:
        """Put other certificates or revocation lists in place. Raises `CertificateStoreError`."""
        given = {"chain": chain, "revoked": revoked}
        changes = {key: value for key, value in given.items() if value is not None}
        with self.database.write() as connection:
            found = _require(connection, name)
            change = update(CA_CERTIFICATES).where(CA_CERTIFICATES.c.name == found["name"])
            connection.execute(change.values(**changes, changed_at=self.database.clock()))

    def delete(self, name: str) -> None:
        """Trust it no more. Raises `CertificateStoreError`."""
        with self.database.write() as connection:
            found = _require(connection, name)
            connection.execute(delete(CA_CERTIFICATES).where(CA_CERTIFICATES.c.name == found["name"]))

    def find(self, name: str) -> AuthorityEntry:
        """Return one authority. Raises `CertificateStoreError`."""
        with self.database.read() as connection:
            return _entry(_require(connection, name))

    def entries(self) -> list[AuthorityEntry]:
        """Return all authorities by name."""
        with self.database.read() as connection:
            rows = connection.execute(select(CA_CERTIFICATES).order_by(CA_CERTIFICATES.c.name)).mappings().all()
        return [_entry(row) for row in rows]


def _row(connection: Connection, name: str) -> Any:
    query = select(CA_CERTIFICATES).where((CA_CERTIFICATES.c.name == name) | (CA_CERTIFICATES.c.id == name))
    return connection.execute(query).mappings().one_or_none()


def _require(connection: Connection, name: str) -> Any:
    row = _row(connection, name)
    if row is None:
        raise CertificateStoreError(f"there is no CA certificate `{name}`", hint="see `wicket ca-certificate list`")
    return row


def _entry(row: Any) -> AuthorityEntry:
    return AuthorityEntry(**{**row, "purpose": Purpose(row["purpose"])})
