"""Options that every policy with a credential of the broker's has, and the types of their values."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

from wicketgate.ir.credentials.base import Renewal
from wicketgate.plain_http import is_loopback, is_platform
from wicketgate.spec.base import Options
from wicketgate.spec.hosts import AllowedHost, is_host_port

_UNITS = {
    "s": 1.0,
    "sec": 1.0,
    "second": 1.0,
    "m": 60.0,
    "min": 60.0,
    "minute": 60.0,
    "h": 3600.0,
    "hour": 3600.0,
    "d": 86_400.0,
    "day": 86_400.0,
    "w": 604_800.0,
    "week": 604_800.0,
    "y": 31_557_600.0,
    "year": 31_557_600.0,
}
_SPAN = re.compile(r"(\d+(?:\.\d+)?)\s*([a-z]+)", re.IGNORECASE)
_URL = re.compile(r"(?P<scheme>https?)://(?P<host>[^/?#@\\]+)(?:[/?][\x21\x22\x24-\x7e]*)?", re.IGNORECASE | re.ASCII)
"""An absolute URL without a user and without a fragment; all of it is visible ASCII."""


def _seconds(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    span = _SPAN.fullmatch(value.strip())
    if span is None or ((unit := span[2].lower()) not in _UNITS and unit.removesuffix("s") not in _UNITS):
        raise PydanticCustomError(
            "wrong-value", "this is not a span of time", {"hint": "write seconds as a number, or 5m, 2h, 1 day"}
        )
    return float(span[1]) * _UNITS[unit if unit in _UNITS else unit.removesuffix("s")]


Span = Annotated[
    float,
    BeforeValidator(_seconds),
    Field(gt=0),
    WithJsonSchema({"type": ["number", "string"]}),
]
"""Seconds, or a text such as `5m`; a year has 365.25 days (reference, JWT service plugin)."""


def _endpoint(text: str) -> str:
    return _private(text, is_loopback)


def _metadata_endpoint(text: str) -> str:
    return _private(text, lambda host: is_loopback(host) or is_platform(host))


def _private(text: str, is_near: Callable[[str], bool]) -> str:
    url = _URL.fullmatch(text)
    if url is None or not is_host_port(url["host"]):
        raise PydanticCustomError(
            "not-a-url", "this is not the URL of an endpoint", {"hint": "https://HOST[:PORT]/PATH"}
        )
    if url["scheme"].lower() == "http" and not is_near(urlsplit(text).hostname or ""):
        raise PydanticCustomError(
            "plaintext-endpoint",
            "a credential would be asked for over plain http: whoever sits between reads it",
            {"hint": "use https://; plain http is for loopback only"},
        )
    return text


def _bare_host(text: str) -> str:
    parts = urlsplit(_endpoint(text))
    if parts.path not in ("", "/") or parts.query:
        raise PydanticCustomError(
            "not-a-url", "a login service has no path: the tenant has an option of its own", {"hint": "https://HOST"}
        )
    return text


Endpoint = Annotated[str, AfterValidator(_endpoint)]
"""The URL of a provider: https, or http on loopback."""
AuthorityHost = Annotated[str, AfterValidator(_bare_host)]
"""The same without a path: where Entra is asked."""
MetadataEndpoint = Annotated[str, AfterValidator(_metadata_endpoint)]
"""The same for the metadata service of a machine, which may be http at the addresses that the clouds give it."""


class CredentialOptions(Options):
    """What every credential of the broker's has."""

    token_retries: int = Field(default=3, ge=0, le=10)
    """Attempts after one that failed, with exponential back-off, before the credential counts as failed."""
    expiration_offset_seconds: float = Field(default=300, ge=0)
    """Seconds before its end at which a credential is renewed; one that lives short is renewed at two thirds."""
    allowed_hosts: tuple[AllowedHost, ...] = ()
    """Hosts that it may be sent to; a route to any other is an error. Empty: the one that its routes lead to; a second
    is an error."""

    @property
    def renewal(self) -> Renewal:
        return Renewal(self.token_retries, self.expiration_offset_seconds)


class MemoryOptions(CredentialOptions):
    """What it has whose token the reference keeps in one cache for all instances."""

    use_memory_cache_only: bool = False
    """Keep the token in memory alone; else it is sealed as well, for a restart."""

    @property
    def renewal(self) -> Renewal:
        return replace(super().renewal, remembered=not self.use_memory_cache_only)


def no_use(options: Options, names: Iterable[str], *, needs: str) -> None:
    """Refuse options that are written and do nothing without `needs`. Raises `PydanticCustomError`."""
    for name in names:
        if name in options.model_fields_set and getattr(options, name) is not None:
            raise PydanticCustomError(
                "wrong-value",
                "`{name}` does nothing without {needs}",
                {"name": to_camel(name), "needs": needs, "hint": "remove it, or write what it needs"},
            )
