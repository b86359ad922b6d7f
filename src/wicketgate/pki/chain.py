"""The order of a chain: each certificate is signed by the next (RFC 5246 section 7.4.2)."""

from __future__ import annotations

import itertools

from wicketgate.pki.certificate import Certificate, signed_by
from wicketgate.pki.errors import BadCertificateError

_HINT = "put the certificate of the key first, then its issuer, then the issuer of that; a root may be left out"


def check_order(chain: tuple[Certificate, ...], *, source: str) -> None:
    """Raises `BadCertificateError`, which says which certificate stands where."""
    for count, (certificate, above) in enumerate(itertools.pairwise(chain), start=1):
        # A root that is there twice has signed itself, so that this is asked too.
        if certificate.fingerprint != above.fingerprint and signed_by(certificate, above):
            _check_authority(above, count + 1, source)
            continue
        raise BadCertificateError(f"{source}: {_broken(chain, count)}", hint=_HINT)


def _broken(chain: tuple[Certificate, ...], count: int) -> str:
    certificate, above = chain[count - 1], chain[count]
    lower, upper = f"certificate {count} ({certificate.subject})", f"certificate {count + 1} ({above.subject})"
    if certificate.fingerprint == above.fingerprint:
        return f"{upper} is there twice"
    if certificate.issuer == above.subject:
        return f"{upper} has the name of the issuer of {lower}, but its key did not sign it"
    place = next((at for at, each in enumerate(chain, start=1) if signed_by(certificate, each) and at != count), None)
    if place:
        return (
            f"the chain is out of order: {lower} is signed by certificate {place} ({chain[place - 1].subject}),"
            f" but {upper} follows it"
        )
    return f"{upper} did not sign {lower}, whose issuer is {certificate.issuer}"


def _check_authority(above: Certificate, count: int, source: str) -> None:
    if not above.is_authority:
        raise BadCertificateError(
            f"{source}: certificate {count} ({above.subject}) signs the one before it, but is not a CA certificate",
            hint="no peer accepts such a chain; have the certificate issued by a CA",
        )
