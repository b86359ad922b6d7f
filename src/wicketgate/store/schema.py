"""The tables. No word here is SQLite's alone."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Float, Integer, LargeBinary, MetaData, String, Table, Text

VERSION = 1
METADATA = MetaData()

CHANGES = Table(
    "changes",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("schema_version", Integer, nullable=False),
    Column("sequence", Integer, nullable=False),
)
"""One row. Each write begins by raising `sequence`: that tells readers, and makes writers wait for each other."""

VARIABLES = Table(
    "variables",
    METADATA,
    Column("environment", String(32), primary_key=True),
    Column("name", String(128), primary_key=True),
    Column("slot", String(16), primary_key=True),
    Column("secrecy", String(16), nullable=False),
    Column("key_id", String(32), nullable=False),
    Column("box", LargeBinary, nullable=False),
    Column("changed_at", Float, nullable=False),
)
"""Values by environment, name and slot: `current`, and during a rotation `next` or `previous`."""

ROTATIONS = Table(
    "rotations",
    METADATA,
    Column("environment", String(32), primary_key=True),
    Column("name", String(128), primary_key=True),
    Column("phase", String(16), nullable=False),
    Column("since", Float, nullable=False),
    Column("settle", Float, nullable=False),
    Column("soak", Float, nullable=False),
    Column("held", Boolean, nullable=False),
    Column("guard_file", String(4096), nullable=True),
)
"""Rotations under way."""

CERTIFICATES = Table(
    "certificates",
    METADATA,
    Column("name", String(128), primary_key=True),
    Column("id", String(64), nullable=False, unique=True),
    Column("source", String(32), nullable=False),
    Column("chain", Text, nullable=False),
    Column("key_id", String(32), nullable=False),
    Column("box", LargeBinary, nullable=False),
    Column("created_at", Float, nullable=False),
    Column("changed_at", Float, nullable=False),
)
"""Certificates that the gateway shows to origins: the chain in PEM, the key sealed."""

CERTIFICATE_ENVIRONMENTS = Table(
    "certificate_environments",
    METADATA,
    Column("name", String(128), primary_key=True),
    Column("environment", String(32), primary_key=True),
)
"""In which environments a certificate is enabled."""

CA_CERTIFICATES = Table(
    "ca_certificates",
    METADATA,
    Column("name", String(128), primary_key=True),
    Column("id", String(64), nullable=False, unique=True),
    Column("purpose", String(16), nullable=False),
    Column("chain", Text, nullable=False),
    Column("revoked", Text, nullable=False),
    Column("created_at", Float, nullable=False),
    Column("changed_at", Float, nullable=False),
)
"""Certificate authorities in PEM by what they vouch for, `clients` or `origins`, and their revocation lists in PEM."""

PRIVATE_AUTHORITY = Table(
    "private_authority",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("trust_domain", String(255), nullable=False),
    Column("algorithm", String(16), nullable=False),
    Column("life", Float, nullable=False),
    Column("settle", Float, nullable=False),
    Column("soak", Float, nullable=False),
    Column("held", Boolean, nullable=False),
    Column("list_number", Integer, nullable=False),
)
"""One row, once there is a certificate authority of the installation's own."""

AUTHORITIES = Table(
    "authorities",
    METADATA,
    Column("id", String(64), primary_key=True),
    Column("role", String(16), nullable=False),
    Column("root", String(64), nullable=False),
    Column("standing", String(16), nullable=False),
    Column("since", Float, nullable=False),
    Column("certificate", Text, nullable=False),
    Column("key_id", String(32), nullable=False),
    Column("box", LargeBinary, nullable=False),
    Column("revoked", Text, nullable=False),
    Column("list_due", Float, nullable=False),
)
"""Its roots and intermediates by fingerprint, keys sealed, each with its latest revocation list."""

ISSUED = Table(
    "issued",
    METADATA,
    Column("serial", String(64), primary_key=True),
    Column("authority", String(64), nullable=False),
    Column("name", String(128), nullable=False),
    Column("environment", String(32), nullable=False),
    Column("profile", Text, nullable=False),
    Column("kept", Boolean, nullable=False),
    Column("issued_at", Float, nullable=False),
    Column("not_after", Float, nullable=False),
    Column("revoked_at", Float, nullable=True),
    Column("reason", String(32), nullable=True),
)
"""What it has signed for others; `kept` are those whose key is in the table of certificates and is renewed."""

ACCOUNT_KEYS = Table(
    "account_keys",
    METADATA,
    Column("directory", String(1024), primary_key=True),
    Column("key_id", String(32), nullable=False),
    Column("box", LargeBinary, nullable=False),
)
"""The keys of our accounts with ACME authorities, by the URL of the directory; sealed."""

INSTALLATION = Table(
    "installation",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("name", String(64), nullable=False),
)
"""One row, once something needs a name of this installation."""

ISSUER_KEYS = Table(
    "issuer_keys",
    METADATA,
    Column("environment", String(32), primary_key=True),
    Column("kid", String(64), primary_key=True),
    Column("algorithm", String(16), nullable=False),
    Column("standing", String(16), nullable=False),
    Column("since", Float, nullable=False),
    Column("asked", Boolean, nullable=False),
    Column("public", Text, nullable=False),
    Column("key_id", String(32), nullable=False),
    Column("box", LargeBinary, nullable=False),
)
"""Keys that sign the gateway's tokens, by environment; the public half as JWK, the private one sealed."""
