"""The installation's own certificate authority: a root, an intermediate that signs, and short-lived certificates."""

from __future__ import annotations

from wicketgate.private_ca.errors import PrivateCaError
from wicketgate.private_ca.names import Identity
from wicketgate.private_ca.private_ca import PrivateCa
from wicketgate.private_ca.state import CaState

__all__ = ["CaState", "Identity", "PrivateCa", "PrivateCaError"]
