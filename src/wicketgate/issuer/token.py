"""Signing a token (RFC 7519)."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from wicketgate.issuer.identity import Identity
from wicketgate.issuer.keys import SigningKey
from wicketgate.secret_value import SecretValue

BACK_DATED = 30
"""Seconds before now from which a token counts, for verifiers whose clock is behind."""
OUR_CLAIMS = frozenset(
    ("iss", "sub", "aud", "iat", "nbf", "exp", "jti", "installation", "project", "environment", "origin")
)
"""What nobody else may set."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a token is for. `life` is in seconds."""

    audience: str
    origin: str
    life: float
    claims: Mapping[str, object]


def sign(key: SigningKey, identity: Identity, wanted: Wanted, *, now: float) -> SecretValue:
    """Return a signed token; `wanted.claims` never replace ours."""
    import jwt

    claims = {
        **wanted.claims,
        "iss": identity.url,
        "sub": identity.subject(wanted.origin),
        "aud": wanted.audience,
        "iat": int(now),
        "nbf": int(now) - BACK_DATED,
        "exp": int(now + wanted.life),
        "jti": secrets.token_urlsafe(16),
        "installation": identity.installation,
        "project": identity.project,
        "environment": identity.environment,
        "origin": wanted.origin,
    }
    return SecretValue(
        jwt.encode(claims, key.private.reveal(), algorithm=key.algorithm.value, headers={"kid": key.kid})
    )
