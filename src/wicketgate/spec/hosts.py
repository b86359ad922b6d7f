"""Hosts as users write them: names, addresses, and the hosts that a credential may be sent to."""

from __future__ import annotations

import ipaddress
import re
from typing import Annotated

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

_NAME = re.compile(r"(?:(?!-)[A-Za-z0-9_-]{1,63}(?<!-)\.)*(?!-)[A-Za-z0-9_-]{1,63}(?<!-)")
_MAX_NAME = 253
"""Characters (RFC 1035, section 2.3.4, as text)."""
_NUMBER = re.compile(r"(?:.*\.)?(?:[0-9]+|0[xX][0-9A-Fa-f]*)")
"""A host that ends in a number is an address to some resolvers (https://url.spec.whatwg.org/#ends-in-a-number-checker)."""
_HOST_PORT = re.compile(r"(?:\[(?P<v6>[0-9A-Fa-f:.]+)\]|(?P<host>[A-Za-z0-9_.-]+))(?::(?P<port>[0-9]{1,5}))?")
_MAX_PORT = 65_535
_ANY_NAME_OF = "*."


def is_host_name(text: str) -> bool:
    """Tell whether a text is the name of a host, without a dot at its end."""
    return len(text) <= _MAX_NAME and _NAME.fullmatch(text) is not None and not _NUMBER.fullmatch(text)


def is_host_port(text: str) -> bool:
    """Tell whether a text is `HOST[:PORT]`: a name, or an address, which is in brackets if it is one of IPv6."""
    match = _HOST_PORT.fullmatch(text)
    if match is None or not 1 <= int(match["port"] or 1) <= _MAX_PORT:
        return False
    if match["v6"]:
        return _is_address(match["v6"], ipaddress.IPv6Address)
    return is_host_name(match["host"]) or _is_address(match["host"], ipaddress.IPv4Address)


def _is_address(text: str, kind: type[ipaddress.IPv4Address | ipaddress.IPv6Address]) -> bool:
    try:
        kind(text)
    except ValueError:
        return False
    return True


def _allowed_host(text: str) -> str:
    below = text.removeprefix(_ANY_NAME_OF)
    # An address has no names below it.
    if not is_host_port(below) or (below != text and not is_host_name(below.partition(":")[0])):
        raise PydanticCustomError(
            "wrong-value", "this is not a host", {"hint": "write api.example.com, *.example.com or 10.0.0.5:8443"}
        )
    return text.lower()


AllowedHost = Annotated[str, AfterValidator(_allowed_host)]
"""`HOST[:PORT]`, or `*.` and the domain of which it may be any name."""
