"""The state of an installation: variables, sealed where they are secret, and how their rotations stand."""

from __future__ import annotations

from wicketgate.store.key import read_key
from wicketgate.store.rotation import Phase, Rotation, RotationError
from wicketgate.store.store import Entry, Store, Stored, StoreError, open_store

__all__ = ["Entry", "Phase", "Rotation", "RotationError", "Store", "StoreError", "Stored", "open_store", "read_key"]
