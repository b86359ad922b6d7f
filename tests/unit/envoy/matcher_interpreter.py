"""What Envoy 1.39 does with the matchers that the route tree is made of (observed; see tests/contract)."""

from __future__ import annotations

import re
from collections.abc import Mapping

from wicketgate.json_types import JsonObject

Headers = Mapping[str, str]


def evaluate(matcher: JsonObject, headers: Headers) -> JsonObject | None:
    """Return the route that a request with these headers (`:method`, `:path`, …) goes to."""
    found = _list(matcher, headers) if "matcher_list" in matcher else _tree(matcher["matcher_tree"], headers)
    return found if found is not None or "on_no_match" not in matcher else _on_match(matcher["on_no_match"], headers)


def _list(matcher: JsonObject, headers: Headers) -> JsonObject | None:
    for item in matcher["matcher_list"]["matchers"]:
        if _predicate(item["predicate"], headers) and (found := _on_match(item["on_match"], headers)) is not None:
            return found
    return None


def _tree(tree: JsonObject, headers: Headers) -> JsonObject | None:
    value = headers.get(_header(tree["input"]))
    if value is None:
        return None
    if "exact_match_map" in tree:
        on_match = tree["exact_match_map"]["map"].get(value)
        return None if on_match is None else _on_match(on_match, headers)
    prefixes = tree["prefix_match_map"]["map"]
    for length in range(len(value), 0, -1):
        on_match = prefixes.get(value[:length])
        if on_match is not None and (found := _on_match(on_match, headers)) is not None:
            return found
    return None


def _on_match(on_match: JsonObject, headers: Headers) -> JsonObject | None:
    if "matcher" in on_match:
        return evaluate(on_match["matcher"], headers)
    route: JsonObject = on_match["action"]["typed_config"]
    return route


def _predicate(predicate: JsonObject, headers: Headers) -> bool:
    if "or_matcher" in predicate:
        return any(_predicate(item, headers) for item in predicate["or_matcher"]["predicate"])
    if "and_matcher" in predicate:
        return all(_predicate(item, headers) for item in predicate["and_matcher"]["predicate"])
    if "not_matcher" in predicate:
        return not _predicate(predicate["not_matcher"], headers)
    single = predicate["single_predicate"]
    value = headers.get(_header(single["input"]))
    return value is not None and _value(single["value_match"], value)


def _value(matcher: JsonObject, value: str) -> bool:
    if "exact" in matcher:
        return bool(value == matcher["exact"])
    if "prefix" in matcher:
        return value.startswith(matcher["prefix"])
    # RE2's \C is any byte.
    return re.fullmatch(matcher["safe_regex"]["regex"].replace(r"\C", "(?s:.)"), value) is not None


def _header(data_input: JsonObject) -> str:
    name: str = data_input["typed_config"]["header_name"]
    return name
