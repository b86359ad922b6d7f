"""What the extensions of a certificate say (RFC 5280 section 4.2)."""

from __future__ import annotations

import base64
import hashlib
from enum import StrEnum

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID


class Purpose(StrEnum):
    """Which side of a TLS connection a certificate is for."""

    CLIENT = "client"
    SERVER = "server"


USAGES = {Purpose.CLIENT: ExtendedKeyUsageOID.CLIENT_AUTH, Purpose.SERVER: ExtendedKeyUsageOID.SERVER_AUTH}


def alternative_names(certificate: x509.Certificate) -> tuple[x509.GeneralName, ...]:
    """Section 4.2.1.6. Raises ValueError when the extension does not parse."""
    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return ()
    return tuple(extension.value)


def basic_constraints(certificate: x509.Certificate) -> x509.BasicConstraints | None:
    """Section 4.2.1.9."""
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
    except x509.ExtensionNotFound:
        return None


def key_usage(certificate: x509.Certificate) -> x509.KeyUsage | None:
    """Section 4.2.1.3."""
    try:
        return certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return None


def purposes(certificate: x509.Certificate) -> frozenset[Purpose]:
    """Section 4.2.1.12; a certificate without the extension serves every purpose."""
    try:
        usages = set(certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value)
    except x509.ExtensionNotFound:
        return frozenset(Purpose)
    if ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE in usages:
        return frozenset(Purpose)
    return frozenset(purpose for purpose, usage in USAGES.items() if usage in usages)


def key_pin(certificate: x509.Certificate) -> str:
    """RFC 7469 section 2.4, in the form `sha256/BASE64`."""
    info = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return f"sha256/{base64.b64encode(hashlib.sha256(info).digest()).decode()}"
