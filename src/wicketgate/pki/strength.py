"""Keys and signatures that are too weak, or that TLS peers do not take."""

from __future__ import annotations

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa

LEAST_RSA_BITS = 2048
"""NIST SP 800-131A rev. 2, section 3."""

_CURVES = {"secp256r1": "P-256", "secp384r1": "P-384", "secp521r1": "P-521"}
"""The curves of TLS 1.3 signatures: RFC 8446 section 4.2.3."""
_HASHES = frozenset({"sha256", "sha384", "sha512"})
_ED25519_SIGNATURE = x509.SignatureAlgorithmOID.ED25519


def key_name(key: object) -> str:
    """Return for example `EC P-256`, `RSA 2048`, `Ed25519`."""
    match key:
        case ec.EllipticCurvePublicKey():
            return f"EC {_CURVES.get(key.curve.name, key.curve.name)}"
        case rsa.RSAPublicKey():
            return f"RSA {key.key_size}"
        case ed25519.Ed25519PublicKey():
            return "Ed25519"
        case dsa.DSAPublicKey():
            return "DSA"
        case _:
            return type(key).__name__.strip("_").removesuffix("PublicKey")


def weak_key(key: object) -> str | None:
    """Return why a public key is not used, as words that follow the name of its owner; None when it is fine."""
    name = key_name(key)
    match key:
        case rsa.RSAPublicKey() if key.key_size < LEAST_RSA_BITS:
            return f"has a weak key ({name}): RSA keys need {LEAST_RSA_BITS} bits or more"
        case ec.EllipticCurvePublicKey() if key.curve.name not in _CURVES:
            return f"has a key on a curve that TLS peers do not take ({name}): use P-256, P-384 or P-521"
        case rsa.RSAPublicKey() | ec.EllipticCurvePublicKey() | ed25519.Ed25519PublicKey():
            return None
        case _:
            return f"has a {name} key: use EC, RSA or Ed25519"


def weak_signature(signed: x509.Certificate | x509.CertificateSigningRequest) -> str | None:
    """Return why a signature is not trusted, in the manner of `weak_key`. SHA-1 and MD5: RFC 9155."""
    if signed.signature_algorithm_oid == _ED25519_SIGNATURE:
        return None
    try:
        algorithm = signed.signature_hash_algorithm
    except UnsupportedAlgorithm:
        algorithm = None
    if algorithm is None:
        return f"has an unknown signature algorithm ({signed.signature_algorithm_oid.dotted_string})"
    if algorithm.name not in _HASHES:
        return f"has a weak signature ({algorithm.name.upper()}): SHA-256 or better is needed"
    return None
