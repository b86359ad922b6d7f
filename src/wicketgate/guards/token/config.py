"""What the user chose for a printed guard with tokens, checked at the door."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from wicketgate.guards.config import GuardConfigError, split_address

_PLAIN = re.compile(r"[!#%&(-\[\]-~]{1,512}")
"""Visible ASCII without quotes, backslashes and dollar signs: plain text in every language printed here."""
_URL = re.compile(r"https?://[A-Za-z0-9.:\[\]-]+(/[A-Za-z0-9._~%-]+)*")
_NO_WORD = re.compile(r"[^a-z0-9]+")
_READABLE = 12
_LOCAL = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenConfig:
    """One origin that answers the tokens of one issuer for one audience.

    Raises:
        GuardConfigError: a field holds what would let others in, or what a configuration could not carry unharmed.
    """

    issuer: str
    """The `iss` of the gateway's tokens."""

    audience: str
    """What the gateway's policy names as `audience`."""

    listen: str = "127.0.0.1:8080"
    """`HOST:PORT` where the server takes requests."""

    upstream: str = "127.0.0.1:8000"
    """`HOST:PORT` of the application behind it."""

    def __post_init__(self) -> None:
        if not _PLAIN.fullmatch(self.audience):
            raise GuardConfigError(
                f"audience: {self.audience!r} cannot be used",
                hint="visible ASCII without quotes, spaces, backslashes and dollar signs",
            )
        if not _URL.fullmatch(self.issuer):
            raise GuardConfigError(
                f"issuer: {self.issuer!r} is no plain URL",
                hint="`wicket issuer show` tells it: without query, and no slash at its end",
            )
        parts = urlsplit(self.issuer)
        local = parts.scheme == "http" and parts.hostname in _LOCAL
        if not parts.hostname or not (parts.scheme == "https" or local):
            raise GuardConfigError(
                f"issuer: {self.issuer!r} is not https",
                hint="`wicket issuer show` tells it; plain http is for loopback only",
            )
        split_address("listen", self.listen)
        split_address("upstream", self.upstream)

    @property
    def name(self) -> str:
        """What everything of this guard is called on its server, so that another guard can stand beside it: letters,
        digits and underscores."""
        words = _NO_WORD.sub("_", self.audience.lower())[:_READABLE].strip("_")
        return "_".join(filter(None, ["wicketgate", words, self._digest[:3].hex()]))

    @property
    def keys_at(self) -> str:
        """`HOST:PORT` where the server hands the issuer's keys to itself: one of the sixteen million addresses of
        loopback, so that two guards need no two ports."""
        first, second, third = self._digest[:3]
        return f"127.{first or 1}.{second}.{third or 1}:8079"

    @property
    def _digest(self) -> bytes:
        return hashlib.sha256(f"{self.issuer}\0{self.audience}".encode()).digest()

    @property
    def jwks_url(self) -> str:
        return f"{self.issuer}/.well-known/jwks.json"

    @property
    def is_tls(self) -> bool:
        return self.issuer.startswith("https://")

    @property
    def issuer_at(self) -> tuple[str, int]:
        """Host without brackets, and port, of the issuer."""
        parts = urlsplit(self.issuer)
        return parts.hostname or "", parts.port or (443 if self.is_tls else 80)
