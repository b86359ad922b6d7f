"""Certificate revocation lists (RFC 5280 section 5)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from wicketgate.pki.authority import Authority, authority_identifier, moment
from wicketgate.pki.certificate import parsed
from wicketgate.pki.private_key import signing_hash
from wicketgate.pki.profile import DAY

LIST_LIFE = 7 * DAY


class Reason(StrEnum):
    """Section 5.3.1. There is no certificateHold: what is revoked here stays revoked."""

    UNSPECIFIED = "unspecified"
    KEY_COMPROMISE = "keyCompromise"
    AUTHORITY_COMPROMISE = "cACompromise"
    AFFILIATION_CHANGED = "affiliationChanged"
    SUPERSEDED = "superseded"
    CESSATION_OF_OPERATION = "cessationOfOperation"
    PRIVILEGE_WITHDRAWN = "privilegeWithdrawn"


@dataclass(frozen=True, slots=True)
class Revocation:
    serial: str
    """Hex, as `Certificate.serial`."""
    at: float
    """Unix seconds."""
    reason: Reason = Reason.UNSPECIFIED


def revocation_list(
    authority: Authority, revoked: Iterable[Revocation], *, number: int, now: float, life: float = LIST_LIFE
) -> str:
    """Return the authority's list in PEM: an intermediate's names leaves, a root's names intermediates.

    `number` grows with each list (section 5.2.3); the next one is due `life` seconds from now. Keep an entry until
    one list has appeared after its certificate expired (section 3.3).
    """
    issuer = parsed(authority.certificate)
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(issuer.subject)
        .last_update(moment(now))
        .next_update(moment(now + life))
    )
    for each in revoked:
        builder = builder.add_revoked_certificate(_entry(each))
    builder = builder.add_extension(authority_identifier(issuer), critical=False)
    builder = builder.add_extension(x509.CRLNumber(number), critical=False)
    key = authority.private_key()
    return builder.sign(key, signing_hash(key)).public_bytes(Encoding.PEM).decode()


def _entry(revocation: Revocation) -> x509.RevokedCertificate:
    serial, at = int(revocation.serial, 16), moment(revocation.at)
    builder = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(at)
    # Section 5.3.1: the reason is left out rather than given as unspecified.
    if revocation.reason is not Reason.UNSPECIFIED:
        builder = builder.add_extension(x509.CRLReason(x509.ReasonFlags(revocation.reason)), critical=False)
    return builder.build()
