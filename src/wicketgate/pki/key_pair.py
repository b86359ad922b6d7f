"""A certificate chain and the key that belongs to it."""

from __future__ import annotations

from dataclasses import dataclass, field

from wicketgate.pki.certificate import Certificate, parse_certificates, parsed
from wicketgate.pki.chain import check_order
from wicketgate.pki.errors import BadCertificateError
from wicketgate.pki.extensions import Purpose, key_usage
from wicketgate.pki.private_key import key_text, load_key, public_der
from wicketgate.secret_value import SecretValue


@dataclass(frozen=True, slots=True)
class KeyPair:
    """`chain` starts with the certificate that belongs to `key`; each one is signed by the next."""

    chain: tuple[Certificate, ...]
    key: SecretValue = field(repr=False)
    """PKCS #8, PEM, not encrypted."""

    @property
    def leaf(self) -> Certificate:
        return self.chain[0]

    @property
    def chain_pem(self) -> str:
        return "".join(certificate.pem for certificate in self.chain)


def parse_key_pair(
    chain: bytes,
    key: bytes,
    *,
    source: str,
    passphrase: SecretValue | None = None,
    purpose: Purpose | None = None,
) -> KeyPair:
    """Return a chain with its key, both checked; `purpose` asks for a certificate of one side of TLS.

    Certificates beside the key are passed over, and so is a passphrase that the key does not need. Raises
    `BadCertificateError`, which starts with `source` and says exactly what is wrong, and never quotes the key.
    Nothing is put in order silently: a chain that is out of order elsewhere would stay so.
    """
    certificates = parse_certificates(chain, source=source)
    private = load_key(key, source=source, passphrase=passphrase)
    _check_belongs(certificates, public_der(private), source)
    check_order(certificates, source=source)
    _check_leaf(certificates[0], purpose, source)
    return KeyPair(certificates, key_text(private))


def _check_belongs(certificates: tuple[Certificate, ...], public: bytes, source: str) -> None:
    owners = [count for count, each in enumerate(certificates, start=1) if public_der(parsed(each)) == public]
    if not owners:
        raise BadCertificateError(
            f"{source}: the private key does not belong to the certificate ({certificates[0].subject})",
            hint="give the key that the certificate was requested with",
        )
    if owners[0] != 1:
        owner = certificates[owners[0] - 1]
        raise BadCertificateError(
            f"{source}: the chain is out of order: certificate {owners[0]} ({owner.subject}) belongs to the key and"
            f" must stand first, but certificate 1 is {certificates[0].subject}",
            hint="put the certificate of the key first, then its issuer, then the issuer of that",
        )


def _check_leaf(leaf: Certificate, purpose: Purpose | None, source: str) -> None:
    place = f"{source}: the certificate ({leaf.subject})"
    if leaf.is_authority:
        raise BadCertificateError(
            f"{place} is a CA certificate, which does not prove who a {purpose or 'peer'} is",
            hint="have a leaf issued; with `openssl req -x509` add -addext basicConstraints=critical,CA:FALSE",
        )
    usage = key_usage(parsed(leaf))
    if usage and not usage.digital_signature:
        raise BadCertificateError(
            f"{place} cannot be used in TLS: its keyUsage has no digitalSignature",
            hint="have it issued with keyUsage digitalSignature",
        )
    if purpose and purpose not in leaf.purposes:
        raise BadCertificateError(
            f"{place} is not for a TLS {purpose}: its extendedKeyUsage has no {purpose}Auth",
            hint=f"have one issued with extendedKeyUsage {purpose}Auth",
        )
