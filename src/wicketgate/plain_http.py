"""Where plain http is as good as a wire inside the machine: on loopback, and where clouds answer their own machines."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

_PLATFORMS = frozenset({"fd00:ec2::254", "fd00:ec2::23", "metadata.google.internal"})
"""What is not link-local of it: the metadata service of EC2 and the agent of EKS over IPv6, and Google's by name."""


def is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def is_on_machine(host: str) -> bool:
    """Tell whether packets to a host never leave the machine that we run on, or its own hypervisor.

    Link-local addresses are not routed. All of them, for App Service has another for each instance
    (`169.254.129.2:8081`), and says which only in the environment.
    """
    return is_loopback(host) or host.lower() in _PLATFORMS or _is_link_local(host)


def is_private(url: str) -> bool:
    """Tell whether nobody can listen to what goes to a URL and back: it is https, or does not leave the machine."""
    scheme, _, _ = url.partition("://")
    return scheme.lower() == "https" or (scheme.lower() == "http" and is_on_machine(host_of(url)))


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
