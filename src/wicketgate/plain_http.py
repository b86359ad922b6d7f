"""Where plain http is as good as a wire inside the machine: on loopback, and where clouds answer their own machines."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

_PLATFORMS = frozenset(
    {"169.254.169.254", "169.254.170.2", "169.254.170.23", "fd00:ec2::254", "fd00:ec2::23", "metadata.google.internal"}
)
"""Where the clouds answer their own machines, over plain http, from within the host: no network lies between."""


def is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def is_platform(host: str) -> bool:
    """Tell whether a cloud answers its own machines there."""
    return host.lower() in _PLATFORMS


def is_private(url: str) -> bool:
    """Tell whether nobody can listen to what goes to a URL that a platform names, and back: it is https, or does not
    leave the machine.

    Any link-local address will do, for none is routed: App Service has another for each instance
    (`169.254.129.2:8081`), and says which in the environment alone.
    """
    scheme, host = url.partition("://")[0].lower(), host_of(url)
    inside = is_loopback(host) or is_platform(host) or _is_link_local(host)
    return scheme == "https" or (scheme == "http" and inside)


def host_of(url: str) -> str:
    """Return the host of a URL that somebody else wrote; empty if it has none."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _is_link_local(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_link_local
    except ValueError:
        return False
