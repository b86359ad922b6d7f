"""Certificates that a project may name: which there are, and never what is in them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Protocol

PRIVATE = "private"
"""How a project names the installation's own certificate authority."""


class CertificateLookup(Protocol):
    """The certificates of the installation at one moment, as one environment sees them."""

    def identities(self) -> Mapping[str, bool]:
        """Return the names of stored certificates, and whether each is enabled in this environment."""

    def authorities(self) -> Collection[str]:
        """Return the names of certificate authorities that origins may be verified by, `private` among them."""

    def client_authorities(self) -> Collection[str]:
        """Return the names of stored certificate authorities that vouch for callers."""


@dataclass(frozen=True, slots=True)
class GivenCertificates:
    """A lookup that is written out."""

    known: Mapping[str, bool] = field(default_factory=lambda: MappingProxyType({}))
    trusted: Collection[str] = ()
    vouching: Collection[str] = ()

    def identities(self) -> Mapping[str, bool]:
        return self.known

    def authorities(self) -> Collection[str]:
        return self.trusted

    def client_authorities(self) -> Collection[str]:
        return self.vouching


NO_CERTIFICATES = GivenCertificates()
