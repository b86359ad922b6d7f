"""Names and values of HTTP fields as option types."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
HOP_BY_HOP = frozenset(
    (
        "connection",
        "keep-alive",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "http2-settings",
    )
)
"""RFC 9110 section 7.6.1: these belong to one connection, and Envoy writes them."""
FRAMING = frozenset(("content-length", "host"))
"""What says where a message ends and whom it is for: changing it is request smuggling."""


def _field_name(name: str) -> str:
    if not _TOKEN.fullmatch(name):
        raise PydanticCustomError(
            "wrong-header-name",
            "`{name}` is not a header name",
            {"name": name, "hint": "letters, digits and dashes (RFC 9110, 5.6.2)"},
        )
    return name.lower()


def _header_name(name: str) -> str:
    lower = _field_name(name)
    if lower in HOP_BY_HOP or lower in FRAMING:
        raise PydanticCustomError(
            "header-not-settable",
            "`{name}` is written by the gateway itself",
            {"name": name, "hint": "leave it out"},
        )
    return lower


def _header_value(value: str) -> str:
    if _CONTROL.search(value):
        raise PydanticCustomError(
            "wrong-header-value",
            "a header value holds no line breaks or control characters",
            {"hint": "RFC 9110, 5.5"},
        )
    return value


HeaderName = Annotated[str, AfterValidator(_header_name)]
"""A header that may be set or removed, in lower case."""
HeaderValue = Annotated[str, AfterValidator(_header_value)]

FieldName = Annotated[str, AfterValidator(_field_name)]
"""Any header, in lower case."""
