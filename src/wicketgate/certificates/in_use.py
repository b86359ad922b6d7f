"""The certificates that a version of the gateway uses, and how each stands."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache, partial
from pathlib import Path

from wicketgate.certificates.files import read_authorities, read_client_authorities, read_key_pair
from wicketgate.certificates.values import Authorities, Certificates, PemKeyPair
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
from wicketgate.spec.certificates import PRIVATE

_REMEMBERED = 4096
"""Chains whose facts are kept: with thousands of certificates, one changes and the others are the same."""


class Use(StrEnum):
    """What a certificate is for."""

    SHOWN = "shown"
    """It proves who the gateway is, to origins or to callers."""
    TRUSTED = "trusted"
    """It vouches for origins."""
    VOUCHING = "vouching"
    """It vouches for callers."""
    SIGNING = "signing"
    """The private authority signs with it, or with what it has signed."""


@dataclass(frozen=True, slots=True)
class InUse:
    """The certificates that stand for one name: a chain, the one that is shown first, or a bundle.

    `chain` is empty when there is nothing that could be used; `problem` then says why.
    """

    name: str
    use: Use
    file: Path | None
    chain: tuple[Certificate, ...] = ()
    problem: str = ""
    hint: str = ""

    @property
    def first_to_end(self) -> Certificate:
        """Raises ValueError when there is none at all."""
        return min(self.chain, key=lambda each: each.not_after)

    def alarm(self, now: float) -> str:
        """Say what is wrong with its dates, or how soon it ends; empty when there is nothing to say."""
        pressing = (each for each in self.chain if validity_problem(each, now) or rung(each, now) is not None)
        soonest = min(pressing, key=lambda each: each.not_after, default=None)
        return self.dates(soonest, now) if soonest else ""

    def dates(self, certificate: Certificate, now: float) -> str:
        """Say of one of its certificates when it ends."""
        words = expiry_text(certificate, now)
        return words if certificate == self.chain[0] else f"comes with {certificate.subject}, which {words}"

    def unusable(self, now: float) -> str:
        """Say why nothing can come of it now; empty when it does its work."""
        if not self.chain:
            return self.problem
        if self.use is Use.SHOWN:
            # A root at the end of a chain is there for people: peers go by their own.
            needed = (self.chain[0], *(each for each in self.chain[1:] if not each.is_self_issued))
            bad = next((each for each in needed if validity_problem(each, now)), None)
        else:
            bad = self.chain[0] if all(validity_problem(each, now) for each in self.chain) else None
        return self.dates(bad, now) if bad else ""


def in_use(sources: Iterable[SecretSource], certificates: Certificates) -> Iterator[InUse]:
    """Look at every certificate that the sources name. Raises nothing for what is wrong with one."""
    certificates = certificates.at_once()
    for source in sources:
        if isinstance(source, TextSecret):
            continue
        try:
            places = tuple(_places(source, certificates))
        except WicketError as error:
            yield InUse("certificates", Use.VOUCHING, None, (), error.message, error.hint)
            continue
        yield from map(_looked_at, places)


def signing(certificates: Certificates) -> Iterator[InUse]:
    """Look at what the private authority signs with, if there is one. Raises nothing for what is wrong with it."""
    place = _Place(PRIVATE, Use.SIGNING, None, lambda: _of(certificates.signing_authority()))
    found = _looked_at(place)
    if found.chain:
        yield found


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the certificates of one name are; `read` returns them in PEM, nothing when they are not there."""

    name: str
    use: Use
    file: Path | None
    read: Callable[[], str]


def _places(source: SecretSource, certificates: Certificates) -> Iterator[_Place]:
    match source:
        case KeyPairSecret(name, certificate, key):
            yield _Place(name, Use.SHOWN, certificate, lambda: read_key_pair(certificate, key).chain)
        case StoredIdentity(name):
            yield _Place(name, Use.SHOWN, None, lambda: _of(certificates.key_pair(name)))
        case AuthorityFile(name, path):
            yield _Place(name, Use.TRUSTED, path, lambda: read_authorities(path).chain)
        case StoredAuthority(name):
            yield _Place(name, Use.TRUSTED, None, lambda: _of(certificates.authority(name)))
        case PrivateAuthority():
            yield _Place(PRIVATE, Use.TRUSTED, None, lambda: _of(certificates.private_authority()))
        case ClientAuthorities(files):
            for name in sorted(certificates.client_authorities()):
                yield _Place(name, Use.VOUCHING, None, partial(_vouching, certificates, name))
            for file in files:
                read = partial(_vouching_file, file.path, file.revoked)
                yield _Place(str(file.path), Use.VOUCHING, file.path, read)


def _vouching(certificates: Certificates, name: str) -> str:
    return _of(certificates.client_authority(name))


def _vouching_file(path: Path, revoked: Path | None) -> str:
    return read_client_authorities(path, revoked).chain


def _of(found: PemKeyPair | Authorities | None) -> str:
    return found.chain if found else ""


def _looked_at(place: _Place) -> InUse:
    name, use, file = place.name, place.use, place.file
    try:
        chain = place.read()
        if not chain:
            return InUse(name, use, file, (), "it is not there, or not enabled here", "see `wicket cert list`")
        return InUse(name, use, file, _facts(chain, name))
    except WicketError as error:
        return InUse(name, use, file, (), error.message, error.hint)


@lru_cache(_REMEMBERED)
def _facts(chain: str, name: str) -> tuple[Certificate, ...]:
    return parse_certificates(chain.encode(), source=name)
