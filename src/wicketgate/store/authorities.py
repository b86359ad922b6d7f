"""Rows of the private authority: roots, intermediates and what they have issued. Each function is part of the caller's
transaction."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from wicketgate.pki.authority import Authority, parse_authority
from wicketgate.pki.extensions import Purpose
from wicketgate.pki.private_key import KeyAlgorithm
from wicketgate.pki.profile import LeafProfile
from wicketgate.pki.revocation import Reason, Revocation
from wicketgate.store.database import Database
from wicketgate.store.schema import AUTHORITIES, ISSUED, PRIVATE_AUTHORITY
from wicketgate.store.sealing import Sealed


class Role(StrEnum):
    ROOT = "root"
    INTERMEDIATE = "intermediate"


class Standing(StrEnum):
    """`next` is trusted and signs nothing yet, `current` signs, `previous` is trusted and signs nothing more."""

    NEXT = "next"
    CURRENT = "current"
    PREVIOUS = "previous"


@dataclass(frozen=True, slots=True)
class AuthoritySettings:
    """How the private authority works; times are seconds."""

    trust_domain: str
    algorithm: KeyAlgorithm
    life: float
    """Of the certificates that it issues."""
    settle: float
    """How long origins get to learn a new root before it signs."""
    soak: float
    """How long an old root stays trusted after that."""
    held: bool = False
    """The rotation of the root waits for a person."""
    list_number: int = 0


@dataclass(frozen=True, slots=True)
class Signer:
    """A root or an intermediate, and its latest revocation list (PEM)."""

    id: str
    role: Role
    root: str
    standing: Standing
    since: float
    authority: Authority
    revoked: str
    list_due: float


@dataclass(frozen=True, slots=True)
class Issued:
    """A certificate that was signed for somebody."""

    serial: str
    authority: str
    name: str
    environment: str
    profile: LeafProfile
    kept: bool
    issued_at: float
    not_after: float
    revocation: Revocation | None = None


def read_settings(connection: Connection) -> AuthoritySettings | None:
    row = connection.execute(select(PRIVATE_AUTHORITY)).mappings().one_or_none()
    if row is None:
        return None
    fields = {key: value for key, value in row.items() if key != "id"}
    return AuthoritySettings(**{**fields, "algorithm": KeyAlgorithm(row["algorithm"])})


def write_settings(connection: Connection, settings: AuthoritySettings) -> None:
    connection.execute(delete(PRIVATE_AUTHORITY))
    connection.execute(insert(PRIVATE_AUTHORITY).values(id=1, **dataclasses.asdict(settings)))


def read_signers(connection: Connection, database: Database) -> list[Signer]:
    """Return roots and intermediates, oldest first."""
    rows = connection.execute(select(AUTHORITIES).order_by(AUTHORITIES.c.since)).mappings().all()
    return [_signer(row, database) for row in rows]


def add_signer(connection: Connection, database: Database, signer: Signer) -> None:
    sealed = database.sealer.seal(signer.authority.key, _place(signer.id))
    connection.execute(
        insert(AUTHORITIES).values(
            id=signer.id,
            role=signer.role.value,
            root=signer.root,
            standing=signer.standing.value,
            since=signer.since,
            certificate=signer.authority.certificate.pem,
            key_id=sealed.key_id,
            box=sealed.box,
            revoked=signer.revoked,
            list_due=signer.list_due,
        )
    )


def stand(connection: Connection, signer: Signer, standing: Standing, *, now: float) -> None:
    change = update(AUTHORITIES).where(AUTHORITIES.c.id == signer.id)
    connection.execute(change.values(standing=standing.value, since=now))


def publish_list(connection: Connection, signer: Signer, revoked: str, *, due: float) -> None:
    change = update(AUTHORITIES).where(AUTHORITIES.c.id == signer.id)
    connection.execute(change.values(revoked=revoked, list_due=due))


def forget_signer(connection: Connection, signer: Signer) -> None:
    connection.execute(delete(AUTHORITIES).where(AUTHORITIES.c.id == signer.id))
    connection.execute(delete(ISSUED).where(ISSUED.c.authority == signer.id))


def read_issued(connection: Connection) -> list[Issued]:
    """Return what was issued, oldest first."""
    rows = connection.execute(select(ISSUED).order_by(ISSUED.c.issued_at)).mappings().all()
    return [_issued(row) for row in rows]


def add_issued(connection: Connection, issued: Issued) -> None:
    connection.execute(
        insert(ISSUED).values(
            serial=issued.serial,
            authority=issued.authority,
            name=issued.name,
            environment=issued.environment,
            profile=json.dumps(dataclasses.asdict(issued.profile)),
            kept=issued.kept,
            issued_at=issued.issued_at,
            not_after=issued.not_after,
        )
    )


def mark_revoked(connection: Connection, revocation: Revocation) -> None:
    change = update(ISSUED).where(ISSUED.c.serial == revocation.serial)
    connection.execute(change.values(revoked_at=revocation.at, reason=revocation.reason.value))


def release_issued(connection: Connection, name: str) -> None:
    """Renew what was issued under this name no more."""
    connection.execute(update(ISSUED).where(ISSUED.c.name == name).values(kept=False))


def forget_issued(connection: Connection, *, expired_before: float) -> None:
    """An entry stays in the lists until one has appeared after its certificate expired (RFC 5280 section 3.3)."""
    connection.execute(delete(ISSUED).where(ISSUED.c.not_after < expired_before))


def _place(identifier: str) -> tuple[str, ...]:
    return ("authority", identifier, "key")


def _signer(row: Any, database: Database) -> Signer:
    key = database.sealer.open(Sealed(row["key_id"], row["box"]), _place(row["id"]))
    return Signer(
        id=row["id"],
        role=Role(row["role"]),
        root=row["root"],
        standing=Standing(row["standing"]),
        since=row["since"],
        authority=parse_authority(row["certificate"], key),
        revoked=row["revoked"],
        list_due=row["list_due"],
    )


def _issued(row: Any) -> Issued:
    at = row["revoked_at"]
    return Issued(
        serial=row["serial"],
        authority=row["authority"],
        name=row["name"],
        environment=row["environment"],
        profile=_profile(row["profile"]),
        kept=row["kept"],
        issued_at=row["issued_at"],
        not_after=row["not_after"],
        revocation=None if at is None else Revocation(row["serial"], at, Reason(row["reason"])),
    )


def _profile(text: str) -> LeafProfile:
    fields = json.loads(text)
    names = {key: tuple(fields[key]) for key in ("dns_names", "addresses", "uris")}
    return LeafProfile(**{**fields, **names, "purpose": Purpose(fields["purpose"])})
