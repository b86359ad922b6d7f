"""The tables. No word here is SQLite's alone."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Float, Integer, LargeBinary, MetaData, String, Table

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
