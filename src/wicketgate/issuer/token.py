"""Signing a token (RFC 7519)."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from wicketgate.issuer.identity import Identity
from wicketgate.issuer.keys import Algorithm, SigningKey
from wicketgate.secret_value import SecretValue

if TYPE_CHECKING:
    from jwt.algorithms import AllowedPrivateKeys

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


@dataclass(frozen=True, slots=True)
class Signer:
    """A key that has been read, to sign with many times: reading one takes as long as many signatures."""

    kid: str
    algorithm: Algorithm
    _private: AllowedPrivateKeys = field(repr=False)

    @classmethod
    def of(cls, key: SigningKey) -> Signer:
        """Read a key. It is of our own making, and sealed: it is not looked for weaknesses again, which takes a
        twentieth of a second for RSA, in which nothing else runs."""
        from cryptography.hazmat.primitives.serialization import load_pem_private_key

        pem = key.private.reveal().encode()
        private = load_pem_private_key(pem, None, unsafe_skip_rsa_key_validation=True)
        return cls(key.kid, key.algorithm, cast("AllowedPrivateKeys", private))

    def sign(self, identity: Identity, wanted: Wanted, *, now: float) -> SecretValue:
        """Return a signed token; `wanted.claims` never replace ours."""
        import jwt

        claims = _claims(identity, wanted, now)
        head = {"kid": self.kid}
        return SecretValue(jwt.encode(claims, self._private, algorithm=self.algorithm.value, headers=head))


def _claims(identity: Identity, wanted: Wanted, now: float) -> dict[str, object]:
    return {
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
