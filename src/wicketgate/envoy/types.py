"""Shapes that every Envoy message shares: `Any`, extensions, durations."""

from __future__ import annotations

from typing import Any

from wicketgate.json_types import JsonObject

_FILTERS = "envoy.extensions.filters.http"


def any_of(type_: str, **fields: Any) -> JsonObject:
    """Return a `google.protobuf.Any` in its JSON form."""
    return {"@type": f"type.googleapis.com/{type_}", **fields}


def extension(name: str, type_: str, **fields: Any) -> JsonObject:
    """Return a `TypedExtensionConfig`."""
    return {"name": name, "typed_config": any_of(type_, **fields)}


def http_filter(name: str, type_: str, **fields: Any) -> JsonObject:
    """Return an HTTP filter; `type_` is relative to `envoy.extensions.filters.http`."""
    return extension(name, f"{_FILTERS}.{type_}", **fields)


def duration(seconds: float) -> str:
    """Return a `google.protobuf.Duration` in its JSON form."""
    return f"{seconds:.9f}".rstrip("0").rstrip(".") + "s"


def literal(text: str) -> str:
    """Return a text for a place where Envoy reads `%…%` as a command."""
    return text.replace("%", "%%")
