"""CORS as Envoy's filter does it, with the reference's answers: a preflight that does not fit is a 404."""

from __future__ import annotations

import re

from wicketgate.envoy.names import CORS_FILTER
from wicketgate.envoy.types import any_of
from wicketgate.ir.gateway import Cors
from wicketgate.json_types import JsonObject

RESPONSE_HEADERS = (
    "access-control-allow-credentials",
    "access-control-allow-headers",
    "access-control-allow-methods",
    "access-control-allow-origin",
    "access-control-expose-headers",
    "access-control-max-age",
)
"""The origin's own are dropped: one place decides."""


def cors_config(cors: Cors, method: str) -> JsonObject:
    """Return the per-route configuration of the CORS filter for a route that serves `method`."""
    policy = any_of(
        "envoy.extensions.filters.http.cors.v3.CorsPolicy",
        allow_origin_string_match=[_origin(origin) for origin in cors.allowed_origins],
        allow_methods=", ".join(cors.allowed_methods or (method,)),
        allow_headers=", ".join(cors.allowed_headers),
        expose_headers=", ".join(cors.expose_headers),
        allow_credentials=cors.allow_credentials,
        # A preflight that does not match must reach the route's own answer, a 404, instead of a bare 200.
        forward_not_matching_preflights=True,
        **({"max_age": str(cors.max_age)} if cors.max_age is not None else {}),
    )
    return {CORS_FILTER: policy}


def serves_preflight(cors: Cors | None, method: str) -> bool:
    """Tell whether a preflight for `method` can ever fit."""
    return cors is not None and (
        not cors.allowed_methods or method in cors.allowed_methods or "*" in cors.allowed_methods
    )


def _origin(origin: str) -> JsonObject:
    if origin == "*":
        return {"safe_regex": {"regex": ".*"}}
    if "*" in origin:
        pattern = "[^./:]+".join(re.escape(part) for part in origin.split("*"))
        return {"safe_regex": {"regex": f"(?i){pattern}"}}
    return {"exact": origin, "ignore_case": True}
