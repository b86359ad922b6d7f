"""The state of an installation: variables, sealed where they are secret, and how their rotations stand."""

from __future__ import annotations

from wicketgate.store.database import Database, StoreError, open_database
from wicketgate.store.key import read_key
from wicketgate.store.rotation import Phase, Rotation, RotationError
from wicketgate.store.store import Entry, Store, Stored, open_store

__all__ = [
    "Database",
    "Entry",
    "Phase",
    "Rotation",
    "RotationError",
    "Store",
    "StoreError",
    "Stored",
    "open_database",
    "open_store",
    "read_key",
]
