"""`python -m wicketgate_guard.sigv4a_public_key KEY_ID < secret`: the public key that verifies SigV4A.

The pair follows from key id and secret: NIST SP 800-108 in counter mode, until the number is below the order of the
curve. Whoever has the public key can verify, and not sign.
Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html
"""

from __future__ import annotations

import hashlib
import hmac
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_LAST = 254


def public_key(key_id: str, secret: str) -> str:
    """Return the public key, PEM."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    key = private_key(key_id, secret).public_key()
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def private_key(key_id: str, secret: str) -> EllipticCurvePrivateKey:
    """Return the key that signs, as AWS derives it."""
    from cryptography.hazmat.primitives.asymmetric import ec

    return ec.derive_private_key(_number(key_id, secret), ec.SECP256R1())


def _number(key_id: str, secret: str) -> int:
    for counter in range(1, _LAST + 1):
        label = b"AWS4-ECDSA-P256-SHA256\0" + key_id.encode() + bytes([counter])
        message = (1).to_bytes(4, "big") + label + (256).to_bytes(4, "big")
        number = int.from_bytes(hmac.new(b"AWS4A" + secret.encode(), message, hashlib.sha256).digest(), "big")
        if number <= _ORDER - 2:
            return number + 1
    raise ValueError("this secret has no key")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m wicketgate_guard.sigv4a_public_key KEY_ID < secret")
    secret = sys.stdin.read().rstrip("\r\n")
    if not secret:
        sys.exit("standard input is empty: write the secret to it")
    print(public_key(sys.argv[1], secret), end="")
