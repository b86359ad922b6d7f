"""Certificates of any kind, wrong ones too, for the tests of this folder."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding

NOW = 1_790_000_000
DAY = 86400

Extensions = tuple[x509.ExtensionType, ...]

AUTHORITY = x509.BasicConstraints(ca=True, path_length=None)
LEAF = x509.BasicConstraints(ca=False, path_length=None)


@dataclass(frozen=True)
class Made:
    """A certificate with its key."""

    certificate: x509.Certificate
    key: CertificateIssuerPrivateKeyTypes

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(Encoding.PEM)

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(Encoding.DER)

    @property
    def key_pem(self) -> bytes:
        return self.written(serialization.PrivateFormat.PKCS8)

    def written(self, form: serialization.PrivateFormat, passphrase: str = "") -> bytes:
        encryption: serialization.KeySerializationEncryption = serialization.NoEncryption()
        if passphrase:
            encryption = serialization.BestAvailableEncryption(passphrase.encode())
        return self.key.private_bytes(Encoding.PEM, form, encryption)


def make(
    name: str,
    *extensions: x509.ExtensionType,
    issuer: Made | None = None,
    key: CertificateIssuerPrivateKeyTypes | None = None,
    issuer_name: str | None = None,
) -> Made:
    """Return a certificate of 90 days from `NOW`, signed by `issuer` or by itself."""
    key = key or ec.generate_private_key(ec.SECP256R1())
    signer = issuer.key if issuer else key
    above = issuer.certificate.subject if issuer else common_name(issuer_name or name)
    start = datetime.datetime.fromtimestamp(NOW, datetime.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(common_name(name))
        .issuer_name(above)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + datetime.timedelta(days=90))
    )
    for extension in extensions:
        builder = builder.add_extension(extension, critical=False)
    own_hash = isinstance(signer, ed25519.Ed25519PrivateKey)
    return Made(builder.sign(signer, None if own_hash else hashes.SHA256()), key)


def authority(name: str = "Root", issuer: Made | None = None) -> Made:
    return make(name, AUTHORITY, issuer=issuer)


def names(*values: x509.GeneralName) -> x509.SubjectAlternativeName:
    return x509.SubjectAlternativeName(values)


def common_name(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
