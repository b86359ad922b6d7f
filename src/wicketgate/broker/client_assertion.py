"""A JWT that proves to a provider who asks (RFC 7523 section 2.2)."""

from __future__ import annotations

import secrets

from wicketgate.broker.source import ProviderError
from wicketgate.secret_value import SecretValue

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_LIFE = 120
_BACK_DATED = 30


def client_assertion(
    client_id: str, *, key: SecretValue, algorithm: str, key_id: str, audience: str, now: float
) -> str:
    """Return a signed assertion that lives two minutes. `key` is PEM. Raises `ProviderError` for a key that is none."""
    # PyJWT brings the cryptography, which many installations never need here.
    import jwt

    claims = {
        "iss": client_id,
        "sub": client_id,
        "aud": audience,
        "iat": int(now) - _BACK_DATED,
        "nbf": int(now) - _BACK_DATED,
        "exp": int(now) + _LIFE,
        "jti": secrets.token_urlsafe(16),
    }
    try:
        return jwt.encode(claims, key.reveal(), algorithm=algorithm, headers={"kid": key_id} if key_id else None)
    except (jwt.PyJWTError, ValueError, TypeError):
        raise ProviderError(
            f"the private key cannot sign {algorithm}",
            hint="it must be PEM, not encrypted, and of the kind that the algorithm needs",
            final=True,
        ) from None
