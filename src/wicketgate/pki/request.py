"""Signing requests, PKCS #10 (RFC 2986)."""

from __future__ import annotations

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm

from wicketgate.pki.errors import BadCertificateError
from wicketgate.pki.pem import Block, pem_blocks
from wicketgate.pki.strength import weak_key, weak_signature

_LABELS = frozenset({"CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST"})


def load_request(pem: bytes, *, source: str) -> x509.CertificateSigningRequest:
    """Return a request whose sender has the key (RFC 2986 section 3). Raises `BadCertificateError`."""
    request = _read(_block(pem, source), source)
    try:
        problem = weak_key(request.public_key()) or weak_signature(request)
        proven = problem is not None or request.is_signature_valid
    except (ValueError, UnsupportedAlgorithm):
        raise _unreadable(source) from None
    if problem:
        raise BadCertificateError(f"{source}: the request {problem}", hint="make a new key and a new request")
    if not proven:
        raise BadCertificateError(
            f"{source}: the request is not signed with the key that it holds", hint="make the request anew"
        )
    return request


def _block(pem: bytes, source: str) -> Block:
    blocks = pem_blocks(pem, source=source)
    if any(block.is_private_key for block in blocks):
        raise BadCertificateError(
            f"{source}: there is a private key beside the request", hint="send the request only, and keep the key"
        )
    found = [block for block in blocks if block.label in _LABELS]
    if len(found) != 1:
        raise BadCertificateError(
            f"{source}: one signing request is needed, there are {len(found)}",
            hint="make one: openssl req -new -key tls.key -subj /CN=NAME",
        )
    return found[0]


def _read(block: Block, source: str) -> x509.CertificateSigningRequest:
    der = block.der(source)
    try:
        return x509.load_der_x509_csr(der)
    except (ValueError, x509.InvalidVersion):
        raise _unreadable(source) from None


def _unreadable(source: str) -> BadCertificateError:
    return BadCertificateError(
        f"{source}: the signing request cannot be read: it is damaged or has bytes after its end",
        hint="look at it with `openssl req -text -noout -in FILE`",
    )
