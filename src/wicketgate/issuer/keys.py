"""Signing keys, as PEM within and as JSON Web Keys (RFC 7517) for whoever verifies."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass, field
from enum import StrEnum

from wicketgate.json_types import JsonObject
from wicketgate.secret_value import SecretValue

_RSA_BITS = 2048
_MEMBERS = {"EC": ("crv", "kty", "x", "y"), "RSA": ("e", "kty", "n"), "OKP": ("crv", "kty", "x")}
"""What a thumbprint covers, in lexical order (RFC 7638 section 3.2, RFC 8037 section 2)."""


class Algorithm(StrEnum):
    """JSON Web Signature algorithms (RFC 7518 section 3.1, RFC 8037)."""

    ES256 = "ES256"
    RS256 = "RS256"
    EDDSA = "EdDSA"


@dataclass(frozen=True, slots=True)
class SigningKey:
    """`kid` is the thumbprint of `public` (RFC 7638); `private` is PEM."""

    kid: str
    algorithm: Algorithm
    public: JsonObject
    private: SecretValue = field(repr=False)


def new_key(algorithm: Algorithm) -> SigningKey:
    """Make a key."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey
    match algorithm:
        case Algorithm.ES256:
            key = ec.generate_private_key(ec.SECP256R1())
        case Algorithm.RS256:
            key = rsa.generate_private_key(public_exponent=65537, key_size=_RSA_BITS)
        case Algorithm.EDDSA:
            key = ed25519.Ed25519PrivateKey.generate()
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    public = _public(key.public_key(), algorithm)
    return SigningKey(_thumbprint(public), algorithm, public, SecretValue(pem))


def published(key: SigningKey) -> JsonObject:
    """Return the key as a member of a JWK set."""
    return {**key.public, "kid": key.kid, "use": "sig", "alg": key.algorithm.value}


def _public(key: object, algorithm: Algorithm) -> JsonObject:
    from jwt.algorithms import get_default_algorithms

    found: JsonObject = json.loads(get_default_algorithms()[algorithm.value].to_jwk(key))
    return {member: found[member] for member in _MEMBERS[found["kty"]]}


def _thumbprint(public: JsonObject) -> str:
    text = json.dumps(public, sort_keys=True, separators=(",", ":"))
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
