"""Names and values of HTTP fields as option types."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, ValidationInfo
from pydantic_core import PydanticCustomError

from wicketgate.ir.secrets import TextSecret
from wicketgate.spec.base import SecretText, scope_of

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
SENDABLE = re.compile(r"[\x21-\x7e](?:[\x20-\x7e\t]*[\x21-\x7e])?")
"""RFC 9110 section 5.5 without obs-text: what is sent is then what the origin compares."""
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


MAX_NAME = 256
"""Characters of a header name: more than anybody needs, and less than what servers refuse."""


def header_name(name: str) -> str:
    """Return the name in lower case. Raises a validation error for what is none."""
    if not _TOKEN.fullmatch(name) or len(name) > MAX_NAME:
        raise PydanticCustomError(
            "wrong-header-name",
            "`{name}` is not a name in HTTP",
            {"name": name, "hint": "letters, digits and dashes (RFC 9110, 5.6.2)"},
        )
    return name.lower()


def _header_name(name: str) -> str:
    lower = header_name(name)
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


def _secret_value(value: TextSecret, info: ValidationInfo) -> TextSecret:
    """Refuse now what could not be sent later: a line break at a value's end is easily made, and not seen."""
    for part in value.parts:
        if isinstance(part, str):
            _header_value(part)
        elif not SENDABLE.fullmatch(scope_of(info).require(part.name).value.reveal()):
            raise PydanticCustomError(
                "wrong-header-value",
                "the value of `{name}` has characters that no header can carry",
                {"name": part.name, "hint": "visible ASCII; a line break at its end is the usual reason"},
            )
    return value


HeaderName = Annotated[str, AfterValidator(_header_name)]
"""A header that may be set or removed, in lower case."""
HeaderValue = Annotated[str, AfterValidator(_header_value)]
SecretHeaderValue = Annotated[SecretText, AfterValidator(_secret_value)]
"""The value of a request header; its variables stay references."""

FieldName = Annotated[str, AfterValidator(header_name)]
"""Any header, in lower case."""
