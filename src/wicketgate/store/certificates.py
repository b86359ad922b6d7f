"""Named certificates of the installation: key pairs that the gateway shows to origins. Keys are sealed."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from wicketgate.errors import WicketError
from wicketgate.pki.key_pair import KeyPair
from wicketgate.secret_value import SecretValue
from wicketgate.store.database import Database
from wicketgate.store.schema import CERTIFICATE_ENVIRONMENTS as ENVIRONMENTS
from wicketgate.store.schema import CERTIFICATES
from wicketgate.store.sealing import Sealed

_ID_BYTES = 12


class CertificateStoreError(WicketError):
    """A certificate is not there, or is there already; nothing was changed."""


class CertificateSource(StrEnum):
    """Who sees to it that a certificate is renewed."""

    IMPORT = "import"
    PRIVATE_AUTHORITY = "private authority"
    ACME = "acme"


@dataclass(frozen=True, slots=True)
class CertificateEntry:
    """What may be shown of a certificate; times are seconds since the epoch."""

    name: str
    id: str
    source: CertificateSource
    environments: tuple[str, ...]
    chain: str
    """PEM, the certificate itself first."""
    created_at: float
    changed_at: float


@dataclass(frozen=True, slots=True)
class StoredKeyPair:
    """Chain and key in PEM, as Envoy gets them."""

    chain: str
    key: SecretValue = field(repr=False)


@dataclass(frozen=True, slots=True)
class CertificateStore:
    """`name` is how a project calls a certificate; wherever one is looked for, its id (`cert_…`) will do too."""

    database: Database

    def add(
        self,
        name: str,
        pair: KeyPair,
        environments: Iterable[str],
        *,
        source: CertificateSource = CertificateSource.IMPORT,
    ) -> str:
        """Keep a new certificate and return its id. Raises `CertificateStoreError` if the name is taken."""
        with self.database.write() as connection:
            return insert_pair(connection, self.database, name, pair, environments, source=source)

    def replace(self, name: str, pair: KeyPair, *, source: CertificateSource = CertificateSource.IMPORT) -> None:
        """Put another chain and key in place of those in use; `source` renews them from now on.

        Raises `CertificateStoreError` if there are none.
        """
        with self.database.write() as connection:
            name = _require(connection, name)["name"]
            change = update(CERTIFICATES).where(CERTIFICATES.c.name == name)
            content = _content(self.database, name, pair)
            connection.execute(change.values(source=source.value, **content))

    def enable(self, name: str, environments: Iterable[str]) -> None:
        """Let these environments use it too. Raises `CertificateStoreError`."""
        with self.database.write() as connection:
            _enable(connection, _require(connection, name)["name"], environments)

    def disable(self, name: str, environments: Iterable[str] = ()) -> None:
        """Let these environments use it no more; without any named, none. Raises `CertificateStoreError`."""
        with self.database.write() as connection:
            where = [ENVIRONMENTS.c.name == _require(connection, name)["name"]]
            if chosen := tuple(environments):
                where.append(ENVIRONMENTS.c.environment.in_(chosen))
            connection.execute(delete(ENVIRONMENTS).where(*where))

    def delete(self, name: str) -> None:
        """Forget a certificate and its key. Raises `CertificateStoreError`."""
        with self.database.write() as connection:
            name = _require(connection, name)["name"]
            connection.execute(delete(ENVIRONMENTS).where(ENVIRONMENTS.c.name == name))
            connection.execute(delete(CERTIFICATES).where(CERTIFICATES.c.name == name))

    def find(self, name: str) -> CertificateEntry:
        """Return one certificate. Raises `CertificateStoreError`."""
        with self.database.read() as connection:
            return _entry(connection, _require(connection, name))

    def entries(self) -> list[CertificateEntry]:
        """Return all certificates by name."""
        with self.database.read() as connection:
            rows = connection.execute(select(CERTIFICATES).order_by(CERTIFICATES.c.name)).mappings().all()
            return [_entry(connection, row) for row in rows]

    def enabled(self, environment: str) -> dict[str, bool]:
        """Return the names of all certificates, and whether each is enabled in the environment."""
        query = select(ENVIRONMENTS.c.name).where(ENVIRONMENTS.c.environment == environment)
        with self.database.read() as connection:
            names = connection.scalars(select(CERTIFICATES.c.name)).all()
            on = set(connection.scalars(query))
        return {name: name in on for name in names}

    def read(self, environment: str) -> dict[str, StoredKeyPair]:
        """Return the certificates that are enabled in the environment, with their keys."""
        query = (
            select(CERTIFICATES)
            .join(ENVIRONMENTS, CERTIFICATES.c.name == ENVIRONMENTS.c.name)
            .where(ENVIRONMENTS.c.environment == environment)
        )
        with self.database.read() as connection:
            rows = connection.execute(query).mappings().all()
        return {row["name"]: StoredKeyPair(row["chain"], self._key(row)) for row in rows}

    def _key(self, row: Any) -> SecretValue:
        return self.database.sealer.open(Sealed(row["key_id"], row["box"]), _place(row["name"]))


def insert_pair(
    connection: Connection,
    database: Database,
    name: str,
    pair: KeyPair,
    environments: Iterable[str],
    *,
    source: CertificateSource,
) -> str:
    """Keep a new certificate as part of a transaction and return its id. Raises `CertificateStoreError`."""
    if _row(connection, name) is not None:
        raise CertificateStoreError(
            f"there is a certificate `{name}` already",
            hint=f"put a new one in its place: `wicket cert rotate {name} --cert FILE --key FILE`",
        )
    identifier = f"cert_{secrets.token_hex(_ID_BYTES)}"
    fixed = {"name": name, "id": identifier, "source": source.value, "created_at": database.clock()}
    connection.execute(insert(CERTIFICATES).values(**fixed, **_content(database, name, pair)))
    _enable(connection, name, environments)
    return identifier


def renew_pair(connection: Connection, database: Database, name: str, pair: KeyPair) -> bool:
    """Put a renewed pair in place, as part of a transaction; False when the name is not the private authority's."""
    ours = CERTIFICATES.c.source == CertificateSource.PRIVATE_AUTHORITY.value
    change = update(CERTIFICATES).where(CERTIFICATES.c.name == name, ours)
    return connection.execute(change.values(**_content(database, name, pair))).rowcount > 0


def disable_everywhere(connection: Connection, name: str) -> None:
    """Let no environment use a certificate, as part of a transaction."""
    connection.execute(delete(ENVIRONMENTS).where(ENVIRONMENTS.c.name == name))


def _content(database: Database, name: str, pair: KeyPair) -> dict[str, Any]:
    sealed = database.sealer.seal(pair.key, _place(name))
    return {"chain": pair.chain_pem, "key_id": sealed.key_id, "box": sealed.box, "changed_at": database.clock()}


def _place(name: str) -> tuple[str, ...]:
    return ("certificate", name, "key")


def _row(connection: Connection, name: str) -> Any:
    query = select(CERTIFICATES).where((CERTIFICATES.c.name == name) | (CERTIFICATES.c.id == name))
    return connection.execute(query).mappings().one_or_none()


def _require(connection: Connection, name: str) -> Any:
    row = _row(connection, name)
    if row is None:
        raise CertificateStoreError(f"there is no certificate `{name}`", hint="see `wicket cert list`")
    return row


def _enable(connection: Connection, name: str, environments: Iterable[str]) -> None:
    query = select(ENVIRONMENTS.c.environment).where(ENVIRONMENTS.c.name == name)
    there = set(connection.scalars(query))
    for environment in dict.fromkeys(environments):
        if environment not in there:
            connection.execute(insert(ENVIRONMENTS).values(name=name, environment=environment))


def _entry(connection: Connection, row: Any) -> CertificateEntry:
    query = select(ENVIRONMENTS.c.environment).where(ENVIRONMENTS.c.name == row["name"])
    return CertificateEntry(
        name=row["name"],
        id=row["id"],
        source=CertificateSource(row["source"]),
        environments=tuple(sorted(connection.scalars(query))),
        chain=row["chain"],
        created_at=row["created_at"],
        changed_at=row["changed_at"],
    )
