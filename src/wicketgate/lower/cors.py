"""CORS policies (semantics: https://zuplo.com/docs/articles/cors)."""

from __future__ import annotations

import re

from wicketgate.diagnostics import Diagnostics
from wicketgate.ir.gateway import Cors
from wicketgate.spec.located import Located
from wicketgate.spec.policies_file import CorsPolicyEntry

ANYTHING_GOES = Cors(
    allowed_origins=("*",), allowed_headers=("*",), expose_headers=("*",), max_age=600, allow_credentials=True
)
"""Reflects the origin and allows the route's method."""

_ORIGIN = re.compile(
    r"https?://(\*\.)?[a-z0-9.-]+(:\d{1,5})?|https?://\[[0-9a-f:.]+\](:\d{1,5})?|null|\*", re.IGNORECASE
)


def lower_cors(entry: Located[CorsPolicyEntry], diagnostics: Diagnostics) -> Cors:
    """Lower one policy; report origins that no browser could send."""
    spec = entry.value
    for index, origin in enumerate(spec.allowed_origins):
        if not _ORIGIN.fullmatch(origin):
            diagnostics.error(
                "wrong-cors-origin",
                entry.span("allowedOrigins", index),
                f"`{origin}` is not an origin",
                hint="write scheme://host[:port] with no slash at the end; `https://*.example.com` covers one label",
            )
    if spec.allow_credentials and "*" in spec.allowed_origins:
        diagnostics.warning(
            "cors-any-origin",
            entry.span("allowedOrigins"),
            "every site may send its visitors' credentials here",
            hint="name the origins that need them",
        )
    return Cors(
        allowed_origins=tuple(origin.lower() for origin in spec.allowed_origins),
        allowed_methods=tuple(method.upper() for method in spec.allowed_methods),
        allowed_headers=tuple(header.lower() for header in spec.allowed_headers),
        expose_headers=spec.expose_headers,
        max_age=spec.max_age,
        allow_credentials=spec.allow_credentials,
    )
