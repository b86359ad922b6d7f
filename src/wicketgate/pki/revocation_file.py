"""Revocation lists of other authorities (RFC 5280 section 5), as files."""

from __future__ import annotations

import time
from collections.abc import Sequence

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from wicketgate.pki.certificate import Certificate, parsed, utc
from wicketgate.pki.errors import BadCertificateError
from wicketgate.pki.pem import Block, pem_blocks


def parse_revocations(pem: bytes, authorities: Sequence[Certificate], *, source: str, now: float | None = None) -> str:
    """Return the lists of a PEM file, as PEM, each checked to be signed by one of `authorities`.

    Raises `BadCertificateError`, which starts with `source`, for what holds no list, a list of somebody else, one
    that is overdue (with it nobody would be let in) or that holds changes only.
    """
    found = [block for block in pem_blocks(pem, source=source) if block.label == "X509 CRL"]
    if not found:
        raise BadCertificateError(
            f"{source}: there is no revocation list in it", hint="give a PEM file with -----BEGIN X509 CRL-----"
        )
    now = time.time() if now is None else now
    return "".join(_checked(block, authorities, f"{source}: list {n}", now) for n, block in enumerate(found, start=1))


def _checked(block: Block, authorities: Sequence[Certificate], place: str, now: float) -> str:
    try:
        listed = x509.load_der_x509_crl(block.der(place))
        is_partial = any(extension.oid == x509.DeltaCRLIndicator.oid for extension in listed.extensions)
    except ValueError:
        raise BadCertificateError(
            f"{place} cannot be read", hint="look at it with `openssl crl -text -noout -in FILE`"
        ) from None
    if is_partial:
        raise BadCertificateError(f"{place} holds changes only (a delta list)", hint="give the complete list")
    if not any(_signed(listed, authority) for authority in authorities):
        issuer = listed.issuer.rfc4514_string()
        raise BadCertificateError(
            f"{place} is from {issuer}, which is not among the CA certificates, or its signature is wrong",
            hint="give the list of the authority that it stands beside",
        )
    due = listed.next_update_utc
    if due is not None and due.timestamp() < now:
        raise BadCertificateError(f"{place} was due anew {utc(due.timestamp())}", hint="fetch the current one")
    return listed.public_bytes(Encoding.PEM).decode()


def _signed(listed: x509.CertificateRevocationList, authority: Certificate) -> bool:
    own = parsed(authority)
    try:
        return listed.issuer == own.subject and listed.is_signature_valid(own.public_key())  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return False
