"""What the user chose for a printed guard with client certificates, checked at the door."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, cast

from wicketgate.guards.config import GuardConfigError, require_path, split_address

NameKind = Literal["DNS", "URI"]

# Plain text in every language printed here, and nothing that a certificate's printed form could confuse.
_NAMES: dict[str, re.Pattern[str]] = {
    "URI": re.compile(r"[a-z][a-z0-9+.-]*://[A-Za-z0-9._~-]+(/[A-Za-z0-9._~-]+)*"),
    "DNS": re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """Absolute paths on the origin's machine; `crl` is None when nothing is checked for revocation."""

    ca: str
    certificate: str
    key: str
    crl: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MtlsConfig:
    """One origin that answers one client certificate identity.

    Raises:
        GuardConfigError: a field holds what a server's configuration could not carry unharmed.
    """

    san: str
    """The gateway's identity for this origin: `URI:spiffe://…` or `DNS:name`, exact, no wildcard."""

    listen: str = "127.0.0.1:8080"
    """`HOST:PORT` where the server takes TLS connections from the gateway."""

    upstream: str | None = None
    """`HOST:PORT` of the application behind a proxy; None: 127.0.0.1:8000."""

    ca: str | None = None
    """Our authorities in PEM; None: `ca.pem` in the server's usual folder, like the three below."""

    certificate: str | None = None
    """The server's own certificate with its intermediates."""

    key: str | None = None
    """The server's own key."""

    crl: str | None = None
    """Revocation lists of every authority in the chain, in PEM; None: revocation is not checked."""

    def __post_init__(self) -> None:
        kind, _, name = self.san.partition(":")
        if kind not in _NAMES or not _NAMES[kind].fullmatch(name):
            raise GuardConfigError(
                f"san: {self.san!r} cannot be used",
                hint="give one exact name, like URI:spiffe://example.org/gateway/orders or DNS:gateway.internal",
            )
        for field in ("ca", "certificate", "key", "crl"):
            if (path := getattr(self, field)) is not None:
                require_path(field, path)
        split_address("listen", self.listen)
        split_address("upstream", self.upstream_address)

    @property
    def kind(self) -> NameKind:
        return cast(NameKind, self.san.partition(":")[0])

    @property
    def name(self) -> str:
        """The identity without its kind."""
        return self.san.partition(":")[2]

    @property
    def listen_at(self) -> tuple[str, int]:
        """Host without brackets, and port."""
        host, port = split_address("listen", self.listen)
        return host.strip("[]"), port

    @property
    def upstream_address(self) -> str:
        return self.upstream or "127.0.0.1:8000"

    def files(self, folder: str) -> Files:
        """The files to use when those not chosen are in `folder`."""
        return Files(
            ca=self.ca or f"{folder}/ca.pem",
            certificate=self.certificate or f"{folder}/server.crt",
            key=self.key or f"{folder}/server.key",
            crl=self.crl,
        )
