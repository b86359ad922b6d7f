"""X.509 certificates (RFC 5280) as facts."""

from __future__ import annotations

import contextlib
import datetime
import hashlib
import ssl
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.utils import CryptographyDeprecationWarning

from wicketgate.pki.errors import BadCertificateError
from wicketgate.pki.extensions import Purpose, alternative_names, basic_constraints, key_pin, key_usage, purposes
from wicketgate.pki.hidden import hidden_character
from wicketgate.pki.pem import Block, pem_blocks
from wicketgate.pki.strength import key_name, weak_key, weak_signature

_LABELS = frozenset({"CERTIFICATE", "X509 CERTIFICATE"})
# What the library raises as it reads; TypeError when the subject's attributes are of odd kinds.
_UNREADABLE = (
    ValueError,
    TypeError,
    UnsupportedAlgorithm,
    x509.DuplicateExtension,
    x509.InvalidVersion,
    x509.UnsupportedGeneralNameType,
)


@dataclass(frozen=True, slots=True)
class Certificate:
    """One certificate. All of it is public."""

    pem: str = field(repr=False)
    """One block, `-----BEGIN CERTIFICATE-----` to the line feed after its END line."""
    subject: str
    """RFC 4514, as Envoy writes it: `CN=billing,O=Acme`."""
    issuer: str
    serial: str
    """Lower-case hex, two digits to the byte, as Envoy writes it; nginx and OpenSSL write upper case."""
    not_before: int
    """Unix seconds."""
    not_after: int
    """Unix seconds; valid up to and including it."""
    dns_names: tuple[str, ...]
    uris: tuple[str, ...]
    addresses: tuple[str, ...]
    fingerprint: str
    """SHA-256 of the DER, lower-case hex."""
    is_authority: bool
    """basicConstraints says CA: RFC 5280 section 4.2.1.9."""
    key_type: str
    """`EC P-256`, `RSA 2048`, `Ed25519`…"""
    key_pin: str
    """`sha256/` and the base64 of the SHA-256 of the public key (SubjectPublicKeyInfo): RFC 7469 section 2.4."""
    purposes: frozenset[Purpose]
    """What its extended key usage allows; without one, everything (RFC 5280 section 4.2.1.12)."""

    @property
    def is_self_issued(self) -> bool:
        return self.subject == self.issuer


def parse_certificates(pem: bytes, *, source: str) -> tuple[Certificate, ...]:
    """Return every certificate of a PEM file, in the file's order; at least one.

    Private keys beside them are passed over. Raises `BadCertificateError`, which starts with `source`, for what is
    not PEM, holds no certificate, is damaged, has a control character in a name, or is too weak. Dates are not
    looked at (see `validity_problem`): a certificate may be imported ahead of its time.
    """
    blocks = pem_blocks(pem, source=source)
    found = [block for block in blocks if block.label in _LABELS]
    if not found:
        raise _no_certificate(blocks, source)
    return tuple(_parse(block, f"{source}: certificate {count}") for count, block in enumerate(found, start=1))


def parse_authorities(pem: bytes, *, source: str) -> tuple[Certificate, ...]:
    """Return the certificates of a trust bundle, each an authority. Raises `BadCertificateError` as above.

    A file with a private key in it is refused: a bundle is handed around.
    """
    if any(block.is_private_key for block in pem_blocks(pem, source=source)):
        raise BadCertificateError(
            f"{source}: there is a private key in a file of CA certificates", hint="give a file without the key"
        )
    found = parse_certificates(pem, source=source)
    for count, certificate in enumerate(found, start=1):
        _check_authority(certificate, f"{source}: certificate {count} ({certificate.subject})")
    return found


def parsed(certificate: Certificate) -> x509.Certificate:
    """Return the library's view of it."""
    return _load(ssl.PEM_cert_to_DER_cert(certificate.pem))


def facts(certificate: x509.Certificate) -> Certificate:
    """Return what a certificate says. Raises ValueError and its like when an extension does not parse."""
    names = alternative_names(certificate)
    constraints = basic_constraints(certificate)
    with _old_roots():
        serial = hex_serial(certificate.serial_number)
    return Certificate(
        pem=certificate.public_bytes(Encoding.PEM).decode(),
        subject=certificate.subject.rfc4514_string(),
        issuer=certificate.issuer.rfc4514_string(),
        serial=serial,
        not_before=int(certificate.not_valid_before_utc.timestamp()),
        not_after=int(certificate.not_valid_after_utc.timestamp()),
        dns_names=tuple(name.value for name in names if isinstance(name, x509.DNSName)),
        uris=tuple(name.value for name in names if isinstance(name, x509.UniformResourceIdentifier)),
        addresses=tuple(str(name.value) for name in names if isinstance(name, x509.IPAddress)),
        fingerprint=hashlib.sha256(certificate.public_bytes(Encoding.DER)).hexdigest(),
        is_authority=bool(constraints and constraints.ca),
        key_type=key_name(certificate.public_key()),
        key_pin=key_pin(certificate),
        purposes=purposes(certificate),
    )


def hex_serial(serial: int) -> str:
    """Raises ValueError for a negative one: it has no hex form that all peers write alike."""
    if serial < 0:
        raise ValueError("a negative serial")
    digits = f"{serial:x}"
    return digits if len(digits) % 2 == 0 else f"0{digits}"


def validity_problem(certificate: Certificate, now: float) -> str | None:
    """Return `expired on …` or `is not valid before …`; None within its dates (RFC 5280 section 4.1.2.5)."""
    if now > certificate.not_after:
        return f"expired on {utc(certificate.not_after)}"
    if now < certificate.not_before:
        return f"is not valid before {utc(certificate.not_before)}"
    return None


def utc(seconds: float) -> str:
    """Return for example `2026-11-23 18:47 UTC`."""
    return datetime.datetime.fromtimestamp(seconds, datetime.UTC).strftime("%Y-%m-%d %H:%M UTC")


def signed_by(certificate: Certificate, issuer: Certificate) -> bool:
    """Tell whether the issuer's name and key are those that signed the certificate (RFC 5280 section 6.1.3 (a))."""
    try:
        parsed(certificate).verify_directly_issued_by(parsed(issuer))
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def _load(der: bytes) -> x509.Certificate:
    with _old_roots():
        certificate = x509.load_der_x509_certificate(der)
        # Read once, they are kept: an authority key identifier may name such a serial too.
        _ = certificate.extensions
        return certificate


@contextlib.contextmanager
def _old_roots() -> Iterator[None]:
    """A root with the serial 0, against RFC 5280 section 4.1.2.2, is in public bundles; the library warns of it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CryptographyDeprecationWarning)
        yield


def _parse(block: Block, place: str) -> Certificate:
    der = block.der(place)
    try:
        certificate = _load(der)
        hidden = hidden_character(certificate)
        found = facts(certificate)
    except _UNREADABLE as error:
        raise BadCertificateError(
            f"{place} cannot be read: it is damaged or has bytes after its end ({type(error).__name__})",
            hint="look at it with `openssl x509 -text -noout -in FILE`",
        ) from None
    if hidden:
        raise BadCertificateError(
            f"{place} has a NUL or another control character in its {hidden}",
            hint="such a certificate is made to be read two ways; get one from an authority that you trust",
        )
    _check_strength(certificate, found, place)
    return found


def _check_strength(certificate: x509.Certificate, found: Certificate, place: str) -> None:
    # Nobody relies on the signature that a root puts on itself: trust in it comes from the bundle.
    own = found.is_self_issued and found.is_authority
    problem = weak_key(certificate.public_key()) or (None if own else weak_signature(certificate))
    if problem:
        raise BadCertificateError(f"{place} ({found.subject}) {problem}", hint="have a new one issued")


def _no_certificate(blocks: tuple[Block, ...], source: str) -> BadCertificateError:
    labels = {block.label for block in blocks}
    if any(block.is_private_key for block in blocks):
        return BadCertificateError(
            f"{source}: there is a private key where the certificate belongs",
            hint="were the two files swapped? Treat the key as exposed if it went anywhere as a certificate",
        )
    if labels & {"CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST"}:
        return BadCertificateError(
            f"{source}: this is a signing request, not a certificate", hint="have an authority sign it first"
        )
    if labels & {"PKCS7", "CMS"}:
        return BadCertificateError(
            f"{source}: this is a PKCS #7 bundle, not a certificate",
            hint="convert it: openssl pkcs7 -print_certs -in FILE -out tls.crt",
        )
    if "TRUSTED CERTIFICATE" in labels:
        return BadCertificateError(
            f"{source}: this is OpenSSL's own TRUSTED CERTIFICATE form", hint="convert it: openssl x509 -in FILE"
        )
    return BadCertificateError(
        f"{source}: there is no certificate in it, only {', '.join(sorted(labels))}", hint="give the certificate"
    )


def _check_authority(certificate: Certificate, place: str) -> None:
    if certificate.is_authority:
        _check_may_sign(certificate, place)
        return
    if certificate.is_self_issued:
        silent = basic_constraints(parsed(certificate)) is None
        raise BadCertificateError(
            f"{place} signed itself and {'has no basicConstraints that say it is a CA' if silent else 'is not a CA'}",
            hint="make it anew with basicConstraints=critical,CA:TRUE, or pin its key"
            f' in origins.json: "pins": ["{certificate.key_pin}"]',
        )
    raise BadCertificateError(
        f"{place} is not a CA certificate", hint=f"give the certificate of its issuer: {certificate.issuer}"
    )


def _check_may_sign(certificate: Certificate, place: str) -> None:
    usage = key_usage(parsed(certificate))
    if usage and not usage.key_cert_sign:
        raise BadCertificateError(
            f"{place} may not sign certificates: its keyUsage has no keyCertSign", hint="have the CA made anew"
        )
