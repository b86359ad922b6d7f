"""Predicates on `:path` for the route tree. `:path` holds the query, which plays no part in finding a route."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from wicketgate.ir.path_pattern import PathPattern
from wicketgate.ir.path_pieces import ANYTHING
from wicketgate.json_types import JsonObject

_INPUT: Final = "type.googleapis.com/envoy.type.matcher.v3.HttpRequestHeaderMatchInput"
_QUERY: Final = r"(?:\?\C*)?"
"""Any bytes: `.` would refuse those that are not UTF-8."""

_MOST_SHARED: Final = 24
"""Pieces that alternatives can share, and so how deep parentheses can be nested."""

_END: Final = ""

_Trie = dict[str, "_Trie"]


def header_input(header: str) -> JsonObject:
    return {"name": header, "typed_config": {"@type": _INPUT, "header_name": header}}


PATH: Final = header_input(":path")


def matches(pattern: PathPattern) -> JsonObject:
    """Return the predicate for the paths of one pattern."""
    if pattern.is_exact:
        return is_path(pattern.static_prefix)
    if [piece.regex for piece in pattern.pieces[1:]] == [ANYTHING] and pattern.pieces[0].literal is not None:
        return _value({"prefix": pattern.static_prefix})
    return _value(_regex(pattern.shape))


def is_path(path: str) -> JsonObject:
    """Return the predicate for one path and no other."""
    return {"or_matcher": {"predicate": [_value({"exact": path}), _value({"prefix": path + "?"})]}}


def matches_expression(regex: str) -> JsonObject:
    """Return the predicate for the paths that a regular expression matches."""
    return _value(_regex(regex))


def matches_any(patterns: Iterable[PathPattern]) -> JsonObject:
    """Return one predicate for the paths of all patterns."""
    root: _Trie = {}
    for pattern in patterns:
        node = root
        for regex in _shared_pieces(pattern):
            node = node.setdefault(regex, {})
        node[_END] = {}
    return _value(_regex(_render(root)))


def matches_but(pattern: PathPattern, earlier: Iterable[PathPattern]) -> JsonObject:
    """Return the predicate for the paths of one pattern that none of the earlier patterns has."""
    return {"and_matcher": {"predicate": [matches(pattern), {"not_matcher": matches_any(earlier)}]}}


def header_is_present(header: str) -> JsonObject:
    return {"single_predicate": {"input": header_input(header), "value_match": {"safe_regex": _re2(r"\C*")}}}


def _value(value_match: JsonObject) -> JsonObject:
    return {"single_predicate": {"input": PATH, "value_match": value_match}}


def _regex(path: str) -> JsonObject:
    return {"safe_regex": _re2(path + _QUERY)}


def _re2(regex: str) -> JsonObject:
    return {"google_re2": {}, "regex": regex}


def _shared_pieces(pattern: PathPattern) -> list[str]:
    regexes = [piece.regex for piece in pattern.pieces]
    if len(regexes) > _MOST_SHARED:
        regexes[_MOST_SHARED:] = ["".join(regexes[_MOST_SHARED:])]
    return regexes


def _render(node: _Trie) -> str:
    # RE2 shares the common start of alternatives that stand side by side, hence the order.
    alternatives = [regex + _render(node[regex]) if regex else "" for regex in sorted(node, reverse=True)]
    return alternatives[0] if len(alternatives) < 2 else "(?:" + "|".join(alternatives) + ")"
