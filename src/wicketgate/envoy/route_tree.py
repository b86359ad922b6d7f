"""Routes as a tree of Envoy matchers that answers like the plain list: the first route in order that matches.

    :method ─▶ (preflights: access-control-request-method) ─▶ families ─▶ longest prefix of :path ─▶ predicates

Many patterns under one prefix become groups of groups, each behind one expression that tells whether any pattern
of the group matches; the first group that does holds the first pattern that does.

Needs in the bootstrap's runtime `re2.max_program_size.error_level` of at least `MAX_PROGRAM_SIZE`, and
`envoy.reloadable_features.prefix_map_matcher_resume_after_subtree_miss: true` (Envoy's default).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from wicketgate.envoy.path_predicates import (
    PATH,
    header_input,
    header_is_present,
    matches,
    matches_any,
    matches_but,
    matches_expression,
)
from wicketgate.envoy.route_families import Family, families
from wicketgate.envoy.route_placement import Placed, place
from wicketgate.ir.path_pattern import PathPattern
from wicketgate.json_types import JsonObject

MAX_PROGRAM_SIZE: Final = 100_000
"""Instructions of one expression, as RE2 counts them."""

_REQUESTED_METHOD: Final = "access-control-request-method"
_ROUTE: Final = "type.googleapis.com/envoy.config.route.v3.Route"
_FAN_OUT: Final = 4
_GROUP_WEIGHT: Final = 16_000
"""Characters in the expression of a group."""
_REPETITION_WEIGHT: Final = 8
"""A repetition stands once in the text and many times in RE2's program."""


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
    """Return `virtual_host.matcher` (`xds.type.matcher.v3.Matcher`) for entries in document order.

    Raises ValueError for an entry whose method is not supported.
    """
    plain: dict[str, list[RouteEntry]] = {method: [] for method in sorted(fallbacks.supported_methods)}
    preflights: dict[str, list[RouteEntry]] = {}
    for entry in entries:
        if entry.method not in plain:
            raise ValueError(f"{entry.method} {entry.pattern.text}: the method is not supported")
        if entry.requested_method is None:
            plain[entry.method].append(entry)
        else:
            preflights.setdefault(entry.requested_method, []).append(entry)
    not_found = _action(fallbacks.not_found)
    methods = {method: _paths(group, not_found) for method, group in plain.items()}
    if "OPTIONS" in methods:
        asked = {method: _paths(group, not_found) for method, group in sorted(preflights.items())}
        methods["OPTIONS"] = _options(methods["OPTIONS"], asked, not_found)
    return _exact_map(":method", methods, _action(fallbacks.not_implemented))


def _options(plain: JsonObject, preflights: Mapping[str, JsonObject], not_found: JsonObject) -> JsonObject:
    by_requested = not_found
    if preflights:
        by_requested = {"matcher": _exact_map(_REQUESTED_METHOD, preflights, not_found)}
    is_preflight = {"predicate": header_is_present(_REQUESTED_METHOD), "on_match": by_requested}
    return {"matcher": {"matcher_list": {"matchers": [is_preflight]}, "on_no_match": plain}}


def _exact_map(header: str, values: Mapping[str, JsonObject], otherwise: JsonObject) -> JsonObject:
    tree = {"input": header_input(header), "exact_match_map": {"map": dict(values)}}
    return {"matcher_tree": tree, "on_no_match": otherwise}


def _paths(entries: Sequence[RouteEntry], not_found: JsonObject) -> JsonObject:
    """Return what to do with one method: an OnMatch."""
    found = families([entry.pattern for entry in entries])
    in_family = {number for family in found for number in family.members.values()}
    others = _by_prefix([entry for number, entry in enumerate(entries) if number not in in_family], not_found)
    if not found:
        return others
    return {"matcher": {**_list(_family(entries, family) for family in found), "on_no_match": others}}


def _family(entries: Sequence[RouteEntry], family: Family) -> JsonObject:
    routes = {prefix: _action(entries[number].route) for prefix, number in family.members.items()}
    return {"predicate": matches_expression(family.regex), "on_match": {"matcher": _prefix_map(routes)}}


def _by_prefix(entries: Sequence[RouteEntry], not_found: JsonObject) -> JsonObject:
    if not entries:
        return not_found
    places = place([entry.pattern for entry in entries])
    prefixes = {prefix: {"matcher": _ordered(entries, placed)} for prefix, placed in places.items()}
    return {"matcher": {**_prefix_map(prefixes), "on_no_match": not_found}}


def _prefix_map(prefixes: Mapping[str, JsonObject]) -> JsonObject:
    return {"matcher_tree": {"input": PATH, "prefix_match_map": {"map": dict(prefixes)}}}


def _ordered(entries: Sequence[RouteEntry], placed: Sequence[Placed]) -> JsonObject:
    if len(placed) <= _FAN_OUT:
        return _list(_leaf(entries, item) for item in placed)
    return _list(_group(entries, part) for part in _by_weight(placed))


def _group(entries: Sequence[RouteEntry], placed: Sequence[Placed]) -> JsonObject:
    """Return a FieldMatcher for patterns in order."""
    if len(placed) == 1:
        return _leaf(entries, placed[0])
    size = -(-len(placed) // _FAN_OUT)
    parts = [placed[start : start + size] for start in range(0, len(placed), size)]
    inner = _list(_group(entries, part) for part in parts)
    return {"predicate": matches_any(item.pattern for item in placed), "on_match": {"matcher": inner}}


def _leaf(entries: Sequence[RouteEntry], item: Placed) -> JsonObject:
    predicate = matches_but(item.pattern, item.guards) if item.guards else matches(item.pattern)
    return {"predicate": predicate, "on_match": _action(entries[item.number].route)}


def _by_weight(placed: Sequence[Placed]) -> list[list[Placed]]:
    """Cut into runs whose expressions stay within what RE2 takes and matches fast."""
    runs: list[list[Placed]] = [[]]
    weight = 0
    for item in placed:
        own = len(item.pattern.shape) + _REPETITION_WEIGHT * item.pattern.repetitions
        if runs[-1] and weight + own > _GROUP_WEIGHT:
            runs.append([])
            weight = 0
        runs[-1].append(item)
        weight += own
    return runs


def _list(matchers: Iterable[JsonObject]) -> JsonObject:
    return {"matcher_list": {"matchers": list(matchers)}}


def _action(route: JsonObject) -> JsonObject:
    return {"action": {"name": "route", "typed_config": {"@type": _ROUTE, **route}}}
