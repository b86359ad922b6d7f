"""Which local replies a mapper is for, as access log filters."""

from __future__ import annotations

from wicketgate.json_types import JsonObject


def with_status(status: int) -> JsonObject:
    value = {"default_value": status, "runtime_key": f"wicketgate.status.{status}"}
    return {"status_code_filter": {"comparison": {"op": "EQ", "value": value}}}


def with_details(details: str) -> JsonObject:
    return cel(f"response.code_details == '{details}'")


def with_metadata(key: str, value: str) -> JsonObject:
    """What a program of ours has said about the stream."""
    matcher = {"filter": "wicketgate", "path": [{"key": key}], "value": {"string_match": {"exact": value}}}
    return {"metadata_filter": {"matcher": matcher, "match_if_key_not_found": False}}


def with_flags(*flags: str) -> JsonObject:
    """Any of these response flags (`UF` ...)."""
    return {"response_flag_filter": {"flags": list(flags)}}


def cel(expression: str) -> JsonObject:
    """What is true of the stream, in CEL over Envoy's attributes; what cannot be evaluated is false."""
    return {
        "extension_filter": {
            "name": "envoy.access_loggers.extension_filters.cel",
            "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.access_loggers.filters.cel.v3.ExpressionFilter",
                "expression": expression,
            },
        }
    }


def both(*filters: JsonObject) -> JsonObject:
    """All of them, asked in this order until one says no."""
    return {"and_filter": {"filters": list(filters)}}


def either(*filters: JsonObject) -> JsonObject:
    return {"or_filter": {"filters": list(filters)}}
