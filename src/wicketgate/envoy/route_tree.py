"""Routes as a tree of Envoy matchers that answers like the plain list: the first route in order that matches.

Needs in the bootstrap's runtime: `re2.max_program_size.error_level` of at least `MAX_PROGRAM_SIZE`, and
`envoy.reloadable_features.prefix_map_matcher_resume_after_subtree_miss: true` (Envoy's default).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from wicketgate.ir.path_pattern import PathPattern
from wicketgate.json_types import JsonObject


@dataclass(frozen=True, slots=True)
class RouteEntry:
    """A method, the paths and the `Route` (without `@type`; its `match` must accept all: `{"prefix": "/"}`).

    With `requested_method` the entry answers CORS preflights (OPTIONS with `access-control-request-method` of
    that value) and nothing else.
    """

    method: str
    pattern: PathPattern
    route: JsonObject
    requested_method: str | None = None


@dataclass(frozen=True, slots=True)
class Fallbacks:
    """Routes for what no entry answers; their `match` must accept all: `{"prefix": "/"}`.

    `not_found` answers supported methods, preflights included, and `not_implemented` every other method.
    """

    not_found: JsonObject
    not_implemented: JsonObject
    supported_methods: frozenset[str]


def route_matcher(entries: Sequence[RouteEntry], fallbacks: Fallbacks) -> JsonObject:
    """Return `virtual_host.matcher` (`xds.type.matcher.v3.Matcher`) for entries in document order."""
    raise NotImplementedError
