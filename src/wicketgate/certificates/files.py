"""Certificates in files: read whole and checked, so that half of a change is never used."""

from __future__ import annotations

from pathlib import Path

from wicketgate.certificates.values import Authorities, PemKeyPair
from wicketgate.errors import WicketError
from wicketgate.pki.certificate import parse_authorities
from wicketgate.pki.key_pair import parse_key_pair
from wicketgate.pki.revocation_file import parse_revocations

_MOST_BYTES = 1024 * 1024


class CertificateFileError(WicketError):
    """A file cannot be read."""


def read_key_pair(certificate: Path, key: Path) -> PemKeyPair:
    """Read a chain and its key. Raises `CertificateFileError`, `BadCertificateError`."""
    pair = parse_key_pair(_content(certificate), _content(key), source=str(certificate))
    return PemKeyPair(pair.chain_pem, pair.key)


def read_authorities(path: Path) -> Authorities:
    """Read certificate authorities. Raises `CertificateFileError`, `BadCertificateError`."""
    return Authorities("".join(each.pem for each in parse_authorities(_content(path), source=str(path))))


def read_client_authorities(path: Path, revoked: Path | None) -> Authorities:
    """Read authorities and their revocation lists. Raises `CertificateFileError`, `BadCertificateError`."""
    found = parse_authorities(_content(path), source=str(path))
    lists = parse_revocations(_content(revoked), found, source=str(revoked)) if revoked else ""
    return Authorities("".join(each.pem for each in found), lists)


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_MOST_BYTES)
    except OSError as error:
        raise CertificateFileError(
            f"cannot read {path}: {error.strerror}", hint="check its name, and who may read it"
        ) from None
