"""What a certificate of the private authority is to say, checked before anything is signed."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from cryptography import x509

from wicketgate.pki.errors import CannotIssueError
from wicketgate.pki.extensions import Purpose

HOUR = 3600.0
DAY = 24 * HOUR

CLIENT_LIFE = 24 * HOUR

_MOST_COMMON_NAME = 64
"""ub-common-name, RFC 5280 appendix A.1."""
_MOST_DNS_NAME = 253
_MOST_SPIFFE_ID = 2048
# "Preferred name syntax": RFC 1034 section 3.5 with RFC 1123 section 2.1, which RFC 5280 section 4.2.1.6 asks for.
_DNS_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?", re.ASCII | re.IGNORECASE)
# SPIFFE-ID sections 2.1 and 2.2.
_TRUST_DOMAIN = re.compile(r"[a-z0-9._-]{1,255}", re.ASCII)
_PATH_SEGMENT = re.compile(r"[A-Za-z0-9._-]+", re.ASCII)
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[!-~]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class LeafProfile:
    """The names and the life of a leaf. Raises `CannotIssueError` when a name is not one.

    A client certificate takes no wildcard: it says who the caller is. With a SPIFFE ID there is just that one URI
    (X509-SVID section 2).
    """

    common_name: str
    purpose: Purpose = Purpose.CLIENT
    dns_names: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    uris: tuple[str, ...] = ()
    life: float = CLIENT_LIFE
    """Seconds, from now; shortened to the life of the issuer."""

    def __post_init__(self) -> None:
        check_common_name(self.common_name)
        for name in self.dns_names:
            _check_dns_name(name, wildcard=self.purpose is Purpose.SERVER)
        for address in self.addresses:
            _check_address(address)
        for uri in self.uris:
            _check_uri(uri)
        if len(self.uris) > 1 and any(map(_is_spiffe, self.uris)):
            raise CannotIssueError("a certificate with a SPIFFE ID has no other URI", hint="keep the SPIFFE ID")
        if self.life <= 0:
            raise CannotIssueError("a certificate needs a life of more than 0 seconds", hint="ask for hours or days")

    def alternative_names(self) -> tuple[x509.GeneralName, ...]:
        return (
            *map(x509.DNSName, self.dns_names),
            *(x509.IPAddress(ipaddress.ip_address(address)) for address in self.addresses),
            *map(x509.UniformResourceIdentifier, self.uris),
        )


def spiffe_id(trust_domain: str, environment: str, origin: str) -> str:
    """Return `spiffe://TRUST-DOMAIN/gateway/ENVIRONMENT/origin/NAME`. Raises `CannotIssueError`.

    A character that a SPIFFE ID does not have is refused, not escaped: two names must not become one.
    """
    identity = f"spiffe://{trust_domain}/gateway/{environment}/origin/{origin}"
    if "/" in environment or "/" in origin:
        raise CannotIssueError(f"not a SPIFFE ID: {identity!r}", hint="names have no slash")
    _check_spiffe(identity)
    return identity


def check_common_name(name: str) -> None:
    if not 0 < len(name) <= _MOST_COMMON_NAME or not name.isprintable():
        raise CannotIssueError(
            f"not a common name: {name!r}", hint=f"1 to {_MOST_COMMON_NAME} printable characters (RFC 5280)"
        )


def _check_dns_name(name: str, *, wildcard: bool) -> None:
    labels = name.split(".")
    if wildcard and labels[0] == "*" and len(labels) > 2:
        labels = labels[1:]
    if len(name) > _MOST_DNS_NAME or not all(map(_DNS_LABEL.fullmatch, labels)):
        raise CannotIssueError(
            f"not a DNS name: {name!r}", hint="letters, digits and hyphens; international names as xn--…"
        )


def _check_address(address: str) -> None:
    try:
        scoped = "%" in str(ipaddress.ip_address(address))
    except ValueError:
        scoped = True
    if scoped:
        raise CannotIssueError(f"not an IP address: {address!r}", hint="for example 10.0.0.7 or fd00::7")


def _check_uri(uri: str) -> None:
    """RFC 5280 section 4.2.1.6: an absolute URI with a host, in ASCII."""
    if _is_spiffe(uri):
        _check_spiffe(uri)
    elif not _URI.fullmatch(uri):
        raise CannotIssueError(f"not an absolute URI: {uri!r}", hint="for example spiffe://example.org/gateway")


def _is_spiffe(uri: str) -> bool:
    return uri.lower().startswith("spiffe:")


def _check_spiffe(identity: str) -> None:
    """SPIFFE-ID section 2: no port, user, query, fragment or escape; no empty, `.` or `..` segment."""
    segments = identity.split("/")[3:]
    sound = (
        identity.startswith("spiffe://")
        and len(identity) <= _MOST_SPIFFE_ID
        and _TRUST_DOMAIN.fullmatch(urlsplit(identity).netloc)
        and all(_PATH_SEGMENT.fullmatch(each) and each not in {".", ".."} for each in segments)
    )
    if not sound:
        raise CannotIssueError(
            f"not a SPIFFE ID: {identity!r}",
            hint="a trust domain in lower case, then names of letters, digits, `.`, `-` and `_`",
        )
