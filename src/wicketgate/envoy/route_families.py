"""Patterns of one form that differ in their first words only, such as `/NAME/items/{id}`.

One expression for the form and a map of the words find them without an expression of their own. That matters
with thousands of routes: an expression that is rarely used is out of the processor's caches when it is.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from wicketgate.envoy.route_index import PatternIndex, SearchTooWideError
from wicketgate.ir.path_pattern import PathPattern
from wicketgate.ir.path_pieces import SEGMENT

FEWEST_MEMBERS: Final = 32
MOST_FAMILIES: Final = 8
"""Each costs every request that is not in it one expression."""


@dataclass(frozen=True, slots=True)
class Family:
    """`regex` and one of the prefixes match together exactly the paths of the pattern with that number."""

    regex: str
    members: dict[str, int]


def families(patterns: Sequence[PathPattern]) -> tuple[Family, ...]:
    """Return the large families. Their members stand before all other routes, and share no path with each other.

    A pattern that shares a path with an earlier one is therefore in none.
    """
    by_form = _by_form(patterns)
    if not by_form:
        return ()
    free = _free_of_earlier(patterns, {number for numbers in by_form.values() for number in numbers})
    return tuple(
        Family(regex, members)
        for regex, numbers in by_form.items()
        if (members := {patterns[number].static_prefix: number for number in numbers if number in free})
    )


def _by_form(patterns: Sequence[PathPattern]) -> dict[str, list[int]]:
    grouped: dict[str, list[int]] = defaultdict(list)
    for number, pattern in enumerate(patterns):
        words = pattern.pieces[0].literal
        if not pattern.is_exact and words is not None and words.endswith("/"):
            # No segment holds a slash, so the words end at the same place in the expression and in the path.
            start = f"(?:/{SEGMENT}){{{words.count('/') - 1}}}/"
            grouped[start + "".join(piece.regex for piece in pattern.pieces[1:])].append(number)
    large = [(regex, numbers) for regex, numbers in grouped.items() if len(numbers) >= FEWEST_MEMBERS]
    return dict(sorted(large, key=lambda item: -len(item[1]))[:MOST_FAMILIES])


def _free_of_earlier(patterns: Sequence[PathPattern], candidates: set[int]) -> set[int]:
    index = PatternIndex()
    free: set[int] = set()
    for number, pattern in enumerate(patterns):
        if number in candidates and not _meets(index, pattern):
            free.add(number)
        index.add(pattern)
    return free


def _meets(index: PatternIndex, pattern: PathPattern) -> bool:
    try:
        return next(index.overlapping(pattern), None) is not None
    except SearchTooWideError:
        return True
