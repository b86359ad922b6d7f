"""The `scheme://host:port` of an origin: parsed once, so that later code need not look again."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from functools import lru_cache

_URL = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<authority>[^/?#\\]*)")
_HOST_PORT = re.compile(r"(?:\[(?P<v6>[0-9A-Fa-f:.]+)\]|(?P<host>[A-Za-z0-9_.-]+))(?::(?P<port>[0-9]{1,5}))?")
_LABEL = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)")
_NUMBER = re.compile(r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)")
"""A host that ends in a number is an address to some resolvers (https://url.spec.whatwg.org/#ends-in-a-number-checker)."""
_PATH = re.compile(r"(?:[A-Za-z0-9._~!$&'()*+,;=:@/?#\[\]-]|%[0-9A-Fa-f]{2})*")
"""What may stand behind the authority of a URL (RFC 3986, section 3.3), and its delimiters."""
MAX_HOST = 253
"""Characters of a host name (RFC 1035, section 2.3.4, as text)."""
_METADATA_HOSTS = frozenset(
    ("metadata", "metadata.google.internal", "metadata.goog", "instance-data", "instance-data.ec2.internal")
)
_METADATA_ADDRESSES = frozenset(("fd00:ec2::254", "fd20:ce::254", "100.100.100.200", "192.0.0.192", "168.63.129.16"))
"""Metadata services outside the link-local range: AWS and Google by IPv6, Alibaba, Oracle, Azure."""
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_COMPATIBLE = ipaddress.IPv6Network("::/96")
_DEFAULT_PORT = {"http": 80, "https": 443}

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address


class AuthorityError(ValueError):
    """Not a place that a gateway may send requests to."""

    def __init__(self, code: str, message: str, hint: str) -> None:
        super().__init__(message)
        self.code, self.message, self.hint = code, message, hint


@dataclass(frozen=True, slots=True)
class Authority:
    """`host` is a name in lower case or an address without brackets."""

    scheme: str
    host: str
    port: int

    @property
    def address(self) -> IpAddress | None:
        try:
            return ipaddress.ip_address(self.host)
        except ValueError:
            return None

    @property
    def is_loopback(self) -> bool:
        address = self.address
        return address.is_loopback if address else self.host == "localhost" or self.host.endswith(".localhost")

    def __str__(self) -> str:
        """Return the value of a Host header: the port only when it is not the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _DEFAULT_PORT[self.scheme] else f"{host}:{self.port}"

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self}"


@lru_cache(maxsize=4096)
def split_url(text: str) -> tuple[Authority, str]:
    """Split an http(s) URL into its authority and what follows it. Raises `AuthorityError`."""
    match = _URL.match(text)
    if not match:
        raise AuthorityError("not-a-url", "this is not a URL", "write https://HOST[:PORT][/PATH]")
    scheme = match["scheme"].lower()
    if scheme not in _DEFAULT_PORT:
        raise AuthorityError(
            "wrong-scheme", f"`{scheme}://` is not served", "use https:// (or http:// in a private network)"
        )
    if "@" in match["authority"]:
        raise AuthorityError(
            "url-credentials",
            "a URL holds no user and password: URLs are logged",
            "send them with set-upstream-api-key-inbound",
        )
    host, port = split_host_port(match["authority"])
    authority = Authority(scheme, host, port or _DEFAULT_PORT[scheme])
    _refuse_metadata(authority)
    return authority, text[match.end() :]


def split_host_port(text: str) -> tuple[str, int | None]:
    """Split `HOST[:PORT]`. Raises `AuthorityError`."""
    match = _HOST_PORT.fullmatch(text)
    if not match or int(match["port"] or 1) not in range(1, 65536):
        raise AuthorityError("not-a-url", "this is not HOST[:PORT]", "such as api.example.com or [::1]:8443")
    host = (match["v6"] or match["host"]).lower().rstrip(".")
    try:
        host = str(ipaddress.ip_address(host))
    except ValueError:
        if match["v6"] or not _is_name(host):
            raise AuthorityError("not-a-url", "this is not a host name or an address", "check its spelling") from None
    return host, int(match["port"]) if match["port"] else None


def _is_name(host: str) -> bool:
    labels = host.split(".")
    return len(host) <= MAX_HOST and all(map(_LABEL.fullmatch, labels)) and not _NUMBER.fullmatch(host)


def check_path(text: str) -> None:
    """Check what stands behind an authority, as far as it is written out. Raises `AuthorityError`."""
    end = _PATH.match(text)
    offset = end.end() if end else 0
    if offset < len(text):
        raise AuthorityError(
            "not-a-url",
            f"a URL holds no character U+{ord(text[offset]):04X}" if text[offset] != "%" else "`%` stands alone",
            "percent-encode it, such as %20 for a blank",
        )


def _refuse_metadata(authority: Authority) -> None:
    """Link-local addresses lead to the cloud's metadata service, which hands out the machine's own identity."""
    address = authority.address
    if authority.host in _METADATA_HOSTS or (address is not None and any(map(_is_forbidden, _meanings(address)))):
        raise AuthorityError(
            "forbidden-address",
            f"`{authority.host}` is never an origin",
            "metadata, link-local and multicast addresses are refused",
        )


def _is_forbidden(address: IpAddress) -> bool:
    return (
        address.is_link_local
        or address.is_multicast
        or address.is_unspecified
        or str(address) in (*_METADATA_ADDRESSES, "255.255.255.255")
    )


def _meanings(address: IpAddress) -> tuple[IpAddress, ...]:
    """Return the address and the IPv4 address that a translator on the way may take out of it."""
    if isinstance(address, ipaddress.IPv4Address):
        return (address,)
    embedded = address.ipv4_mapped or address.sixtofour
    if embedded is None and (address in _NAT64 or (address in _COMPATIBLE and int(address) > 1)):
        embedded = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return (address, embedded) if embedded else (address,)
