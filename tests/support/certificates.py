"""Certificates for tests: an authority, and what it signs."""

from __future__ import annotations

import datetime
import ipaddress
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID

_DAY = datetime.timedelta(days=1)

CLIENT_AUTH = ExtendedKeyUsageOID.CLIENT_AUTH
SERVER_AUTH = ExtendedKeyUsageOID.SERVER_AUTH


@dataclass(frozen=True)
class KeyPair:
    """PEM files of a certificate and its key."""

    certificate: Path
    key: Path


@dataclass(frozen=True)
class Authority:
    """A certificate authority whose own certificate is `roots`."""

    folder: Path
    roots: Path
    _name: x509.Name
    _key: ec.EllipticCurvePrivateKey
    chain: bytes = b""
    """PEM of the intermediates, this authority first, that a peer needs beside the root; empty for a root."""

    @classmethod
    def create(cls, folder: Path, name: str = "Test Authority") -> Authority:
        folder.mkdir(parents=True, exist_ok=True)
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        builder = _builder(subject, subject, key, days=30).add_extension(x509.BasicConstraints(True, None), True)
        roots = folder / "roots.pem"
        roots.write_bytes(builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
        return cls(folder, roots, subject, key)

    def intermediate(self, name: str = "Test Intermediate", *, days: float = 30) -> Authority:
        """An authority that this one has signed, in a folder of its own; its `roots` are still those of the root."""
        folder = self.folder / name.replace(" ", "-").lower()
        folder.mkdir()
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        builder = _builder(subject, self._name, key, days=days).add_extension(x509.BasicConstraints(True, 0), True)
        own = builder.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
        return Authority(folder, self.roots, subject, key, own + self.chain)

    def issue_client(
        self,
        label: str,
        *names: x509.GeneralName,
        common_name: str | None = None,
        starts: int = -60,
        days: float = 30,
        usage: x509.ObjectIdentifier = CLIENT_AUTH,
    ) -> KeyPair:
        """Issue a certificate with its chain as `label`.crt, for a client unless `usage` is another; it is valid from
        day `starts` to day `days`."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, common_name or label)])
        builder = _builder(subject, self._name, key, days=days, starts=starts)
        builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), False)
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName(names), False)
        certificate = builder.sign(self._key, hashes.SHA256())
        pair = KeyPair(self.folder / f"{label}.crt", self.folder / f"{label}.key")
        pair.certificate.write_bytes(certificate.public_bytes(serialization.Encoding.PEM) + self.chain)
        _write_key(pair.key, key)
        return pair

    def lend_key(self, pair: KeyPair) -> Authority:
        """An authority that is none: it signs with the key of an ordinary certificate which this one issued."""
        certificate = x509.load_pem_x509_certificate(pair.certificate.read_bytes())
        key = serialization.load_pem_private_key(pair.key.read_bytes(), None)
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        folder = pair.key.with_suffix(".signed")
        folder.mkdir()
        return Authority(folder, self.roots, certificate.subject, key, pair.certificate.read_bytes())

    def revocations(self, *revoked: KeyPair, days: int = 1) -> bytes:
        """The PEM list of this authority's revoked certificates, good for some days; with 0 it is out of date."""
        now = datetime.datetime.now(datetime.UTC)
        builder = x509.CertificateRevocationListBuilder().issuer_name(self._name).last_update(now - 2 * _DAY)
        builder = builder.next_update(now + (days or -1) * _DAY)
        for pair in revoked:
            serial = x509.load_pem_x509_certificate(pair.certificate.read_bytes()).serial_number
            entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(now - _DAY).build()
            builder = builder.add_revoked_certificate(entry)
        return builder.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    def issue(self, *names: str, days: int = 30) -> KeyPair:
        """Issue a server certificate for DNS names and addresses; with negative `days` it has expired."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, names[0])])
        alternatives = x509.SubjectAlternativeName([_alternative(name) for name in names])
        builder = _builder(subject, self._name, key, days=days).add_extension(alternatives, False)
        pair = KeyPair(self.folder / f"{names[0]}.{days}.crt", self.folder / f"{names[0]}.{days}.key")
        pair.certificate.write_bytes(builder.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
        _write_key(pair.key, key)
        return pair


def _write_key(path: Path, key: ec.EllipticCurvePrivateKey) -> None:
    encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    path.write_bytes(key.private_bytes(encoding, form, serialization.NoEncryption()))


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, *, days: float, starts: int = -60
) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + starts * _DAY)
        .not_valid_after(now + days * _DAY)
    )


def _alternative(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
