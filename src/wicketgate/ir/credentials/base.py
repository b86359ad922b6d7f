"""What every credential has: how it is kept fresh, and where it may be sent."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Renewal:
    """`offset` seconds before its end a credential is renewed; `retries` follow an attempt that failed. One that is not
    `remembered` is in memory alone, and is obtained anew after a restart."""

    retries: int = 3
    offset: float = 300.0
    remembered: bool = True

    def __post_init__(self) -> None:
        # Names are made of how a credential is written out: 300 and 300.0 are equal and must not have two.
        object.__setattr__(self, "offset", float(self.offset))

    def __repr__(self) -> str:
        # And what was named before there was `remembered` keeps its name.
        forgotten = "" if self.remembered else ", remembered=False"
        return f"Renewal(retries={self.retries!r}, offset={self.offset!r}{forgotten})"


def server_of(url: str) -> str:
    """Return scheme, host and port of a URL: who is asked there, under whatever path."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}".lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """The whole identity of a credential: two that are equal are one, any difference makes two.

    A subclass is plain data (texts, numbers, booleans, `TextSecret`, tuples and frozen dataclasses of such), so that
    it can be compared, hashed and written down.
    """

    kind: ClassVar[str]
    """What people call it, such as `oauth`."""

    needs_issuer: ClassVar[bool] = False
    """Whether it is made from a token that the gateway signs itself."""

    taken_algorithms: ClassVar[tuple[str, ...]] = ()
    """What such a token must be signed with; empty where anything of ours will do."""

    of_machine: ClassVar[bool] = False
    """Whether the machine itself gets it, so that on another it would be another."""

    renewal: Renewal = Renewal()

    @property
    def certificate(self) -> str:
        """The name of the certificate that it shows to the provider; empty for none."""
        return ""

    @property
    def authorities(self) -> str:
        """The PEM file of the project with the authorities of who is asked; empty for those of the system."""
        return ""

    @property
    def file(self) -> str:
        """The file of the platform that it shows the content of; empty for none."""
        return ""

    @property
    def asked(self) -> str:
        """Who is asked for it, so that one who does not answer holds up nobody else's."""
        return self.kind

    @property
    def remembered(self) -> bool:
        """Whether its value may be kept for a restart, sealed."""
        return self.renewal.remembered

    @property
    def plain(self) -> Credential:
        """The same, whenever it is renewed: what two policies that differ in that alone send is one token to whoever
        takes it."""
        return dataclasses.replace(self, renewal=Renewal())

    def bound(self, _origin: str, /) -> Credential:
        """Return the credential as it is for one origin, named by the URL of its authority."""
        return self


@dataclass(frozen=True)
class CredentialUse:
    """A credential and the authority (`host` or `host:port`) that it may be sent to: what the broker keeps.

    One credential for two destinations is obtained twice, and neither value stands in for the other.
    """

    credential: Credential
    destination: str

    @cached_property
    def _hash(self) -> int:
        return hash((self.credential, self.destination))

    def __hash__(self) -> int:
        # Thousands are looked up at every renewal, and each is made of many parts.
        return self._hash
