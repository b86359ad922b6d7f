"""The clock of a provider: by `skew` seconds ahead of ours. A machine of ours that is late sees one that is ahead."""

from __future__ import annotations

import time
from collections.abc import Mapping
from email.utils import formatdate
from typing import Any

from jwt.types import Options

TEN_MINUTES = 600.0
UNTIMED: Options = {"verify_exp": False, "verify_iat": False, "verify_nbf": False}
"""For PyJWT, which has no other clock than this machine's: `in_time` looks at the times in its place."""


def dated(skew: float) -> str:
    """Return the `Date` of an answer."""
    return f"date: {formatdate(time.time() + skew, usegmt=True)}"


def in_time(claims: Mapping[str, Any], *, skew: float, leeway: float) -> bool:
    """Tell whether a token is one of now, by that clock."""
    now = time.time() + skew
    begins = max(float(claims.get(name, 0)) for name in ("iat", "nbf"))
    return begins - leeway <= now < float(claims["exp"]) + leeway
