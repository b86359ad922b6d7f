"""Private keys: read, made and written."""

from __future__ import annotations

from enum import StrEnum
from typing import assert_never

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from wicketgate.pki.errors import BadCertificateError
from wicketgate.pki.pem import Block, pem_blocks
from wicketgate.secret_value import SecretValue

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey

_RSA_EXPONENT = 65537
# The header of a key encrypted the old way: RFC 1421 section 4.6.1.1.
_OLD_ENCRYPTION = "Proc-Type: 4,ENCRYPTED"


class KeyAlgorithm(StrEnum):
    """What a new key is.

    Envoy takes Ed25519 only where `tls_params.signature_algorithms` names it (envoyproxy/envoy issue 25727).
    """

    EC_P256 = "ec-p256"
    RSA_2048 = "rsa-2048"
    RSA_3072 = "rsa-3072"
    ED25519 = "ed25519"


def new_key(algorithm: KeyAlgorithm) -> PrivateKey:
    match algorithm:
        case KeyAlgorithm.EC_P256:
            return ec.generate_private_key(ec.SECP256R1())
        case KeyAlgorithm.RSA_2048:
            return rsa.generate_private_key(_RSA_EXPONENT, 2048)
        case KeyAlgorithm.RSA_3072:
            return rsa.generate_private_key(_RSA_EXPONENT, 3072)
        case KeyAlgorithm.ED25519:
            return ed25519.Ed25519PrivateKey.generate()
        case _:
            assert_never(algorithm)


def key_text(key: PrivateKey) -> SecretValue:
    """Return the key as PKCS #8 in PEM, not encrypted: RFC 5958."""
    pem = key.private_bytes(Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return SecretValue(pem.decode())


def signing_hash(key: PrivateKey) -> hashes.SHA256 | None:
    """Return the hash to sign with; Ed25519 has its own (RFC 8410 section 3)."""
    return None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256()


def public_der(owner: PrivateKey | x509.Certificate | x509.CertificateSigningRequest) -> bytes:
    """Return the SubjectPublicKeyInfo, by which keys are compared."""
    return owner.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def load_key(pem: bytes, *, source: str, passphrase: SecretValue | None = None) -> PrivateKey:
    """Return the one private key of a PEM file. Raises `BadCertificateError`, which never quotes the file."""
    blocks = pem_blocks(pem, source=f"{source}: private key")
    keys = [block for block in blocks if block.is_private_key]
    if not keys:
        raise _no_key(blocks, source)
    if len(keys) > 1:
        raise BadCertificateError(f"{source}: there are {len(keys)} private keys in the file", hint="give one key")
    key = _load(keys[0], source, passphrase)
    if not isinstance(key, PrivateKey):
        raise BadCertificateError(f"{source}: TLS does not take a private key of this kind", hint="use EC or RSA")
    return key


def _load(block: Block, source: str, passphrase: SecretValue | None) -> object:
    encrypted = block.label == "ENCRYPTED PRIVATE KEY" or _OLD_ENCRYPTION in block.text
    if encrypted and not passphrase:
        raise BadCertificateError(
            f"{source}: the private key is encrypted and no passphrase was given",
            hint="give the passphrase, or decrypt the key: openssl pkey -in FILE -out tls.key",
        )
    password = passphrase.reveal().encode() if encrypted and passphrase else None
    try:
        return serialization.load_pem_private_key(block.text.encode("latin-1"), password)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        # The library's words are not passed on: they may quote what they could not read.
        raise _unreadable(block, source, encrypted) from None


def _unreadable(block: Block, source: str, encrypted: bool) -> BadCertificateError:
    if encrypted:
        return BadCertificateError(
            f"{source}: the passphrase does not open the private key", hint="check the passphrase, and which key it is"
        )
    if block.label == "OPENSSH PRIVATE KEY":
        return BadCertificateError(
            f"{source}: this is an OpenSSH key", hint="convert a copy of it: ssh-keygen -p -m PEM -f COPY"
        )
    return BadCertificateError(
        f"{source}: the private key cannot be read: it is damaged or of an unknown kind",
        hint="check it with `openssl pkey -noout -in FILE`",
    )


def _no_key(blocks: tuple[Block, ...], source: str) -> BadCertificateError:
    labels = {block.label for block in blocks}
    if "CERTIFICATE" in labels:
        return BadCertificateError(
            f"{source}: there is a certificate where the private key belongs", hint="were the two files swapped?"
        )
    if any(label.endswith("PUBLIC KEY") for label in labels):
        return BadCertificateError(
            f"{source}: this is a public key, not a private key", hint="give the private key of the certificate"
        )
    return BadCertificateError(
        f"{source}: there is no private key in it, only {', '.join(sorted(labels))}", hint="give the private key"
    )
