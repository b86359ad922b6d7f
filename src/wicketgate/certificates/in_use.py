"""The certificates that a version of the gateway uses, and how each stands."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from wicketgate.certificates.files import read_authorities, read_client_authorities, read_key_pair
from wicketgate.certificates.values import Certificates
from wicketgate.errors import WicketError
from wicketgate.ir.secrets import (
    AuthorityFile,
    ClientAuthorities,
    KeyPairSecret,
    PrivateAuthority,
    SecretSource,
    StoredAuthority,
    StoredIdentity,
    TextSecret,
)
from wicketgate.pki.certificate import Certificate, parse_certificates, validity_problem
from wicketgate.pki.renewal import expiry_text, rung


class Use(StrEnum):
    """What a certificate is for."""

    SHOWN = "shown"
    TRUSTED = "trusted"


@dataclass(frozen=True, slots=True)
class InUse:
    """One certificate, or of several that stand for one name the one that ends first.

    `certificate` is None when there is nothing that could be used; `problem` then says why.
    """

    name: str
    use: Use
    file: Path | None
    certificate: Certificate | None
    problem: str = ""
    hint: str = ""

    def alarm(self, now: float) -> str:
        """Say what is wrong with its dates, or how soon it ends; empty when there is nothing to say."""
        if self.certificate is None:
            return ""
        if validity_problem(self.certificate, now) is None and rung(self.certificate, now) is None:
            return ""
        return expiry_text(self.certificate, now)


def in_use(sources: Iterable[SecretSource], certificates: Certificates) -> Iterator[InUse]:
    """Look at every certificate that the sources name. Raises nothing for what is wrong with one."""
    certificates = certificates.at_once()
    for source in sources:
        if not isinstance(source, TextSecret):
            yield from _looked_at(source, certificates)


def _looked_at(source: SecretSource, certificates: Certificates) -> Iterator[InUse]:
    name, use, file = _described(source)
    try:
        chain = _chain(source, certificates)
        found = parse_certificates(chain.encode(), source=name) if chain else ()
    except WicketError as error:
        yield InUse(name, use, file, None, error.message, error.hint)
        return
    if found:
        shown = found[:1] if use is Use.SHOWN else found
        yield InUse(name, use, file, min(shown, key=lambda each: each.not_after))
    elif not isinstance(source, ClientAuthorities):
        yield InUse(name, use, file, None, "it is not there, or not enabled here", "see `wicket cert list`")


def _described(source: SecretSource) -> tuple[str, Use, Path | None]:
    match source:
        case KeyPairSecret(name, certificate):
            return name, Use.SHOWN, certificate
        case StoredIdentity(name):
            return name, Use.SHOWN, None
        case AuthorityFile(name, path):
            return name, Use.TRUSTED, path
        case StoredAuthority(name):
            return name, Use.TRUSTED, None
        case PrivateAuthority():
            return "private", Use.TRUSTED, None
        case _:
            return "client authorities", Use.TRUSTED, None


def _chain(source: SecretSource, certificates: Certificates) -> str:
    match source:
        case KeyPairSecret(_, certificate, key):
            return read_key_pair(certificate, key).chain
        case StoredIdentity(name):
            pair = certificates.key_pair(name)
            return pair.chain if pair else ""
        case AuthorityFile(_, path):
            return read_authorities(path).chain
        case StoredAuthority(name):
            trusted = certificates.authority(name)
            return trusted.chain if trusted else ""
        case PrivateAuthority():
            private = certificates.private_authority()
            return private.chain if private else ""
        case ClientAuthorities(files):
            stored = (certificates.client_authority(name) for name in sorted(certificates.client_authorities()))
            chains = (each.chain for each in stored if each)
            return "".join((*chains, *(read_client_authorities(file.path, file.revoked).chain for file in files)))
        case _:
            return ""
