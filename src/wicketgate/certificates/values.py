"""What is in certificates, as Envoy gets it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from wicketgate.secret_value import SecretValue
from wicketgate.spec.certificates import CertificateLookup


@dataclass(frozen=True, slots=True)
class PemKeyPair:
    """Chain, the certificate itself first, and key, both PEM."""

    chain: str
    key: SecretValue = field(repr=False)


@dataclass(frozen=True, slots=True)
class Authorities:
    """Certificates that are trusted, and what they have revoked, both PEM; `revoked` may be empty."""

    chain: str
    revoked: str = ""


class CertificateValues(Protocol):
    """The certificates of one environment, read anew at each look-up."""

    def key_pair(self, name: str) -> PemKeyPair | None:
        """Return a stored certificate, or None when there is none or it is not enabled here."""

    def authority(self, name: str) -> Authorities | None:
        """Return a stored authority that vouches for origins."""

    def client_authority(self, name: str) -> Authorities | None:
        """Return a stored authority that vouches for callers."""

    def private_authority(self) -> Authorities | None:
        """Return the living roots of the installation's own authority."""

    def signing_authority(self) -> Authorities | None:
        """Return what the installation's own authority signs with: its intermediate, and the root of that."""


class Certificates(CertificateLookup, CertificateValues, Protocol):
    """All that the control plane asks of certificates."""

    def at_once(self) -> Certificates:
        """Return what there is now, for many look-ups that belong together: to look for a change costs a query."""
