"""Places ordered patterns in a map of path prefixes, so that the map answers like the ordered list.

Envoy looks under the longest prefix of a path first and goes on to shorter ones. What stands under a longer
prefix therefore has to step aside for an earlier pattern under a shorter one: such patterns become its `guards`.
A pattern with too many guards moves to the shortest prefix, where order alone decides.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

from wicketgate.envoy.route_index import PatternIndex, SearchTooWideError
from wicketgate.ir.path_pattern import PathPattern

MOST_GUARDS: Final = 16
"""Longer guards cost more at each request than a place in a longer list."""


@dataclass(frozen=True, slots=True)
class Placed:
    """`number` is the pattern's place in the original order."""

    number: int
    pattern: PathPattern
    guards: tuple[PathPattern, ...] = ()


def place(patterns: Sequence[PathPattern]) -> dict[str, list[Placed]]:
    """Return the patterns by path prefix, in order under each; those that can never be first are left out."""
    placement = _Placement(_by_length(pattern.static_prefix for pattern in patterns if not pattern.is_exact))
    shapes: set[str] = set()
    for number, pattern in enumerate(patterns):
        shape = pattern.shape
        if shape not in shapes:
            shapes.add(shape)
            placement.add(number, pattern)
    return placement.places


def _by_length(prefixes: Iterable[str]) -> dict[int, set[str]]:
    grouped: dict[int, set[str]] = {}
    for prefix in prefixes:
        grouped.setdefault(len(prefix), set()).add(prefix)
    return dict(sorted(grouped.items()))


@dataclass(slots=True)
class _Placement:
    prefixes: dict[int, set[str]]
    """Of the patterns that match more than one path, by length."""
    places: dict[str, list[Placed]] = field(default_factory=dict)
    index: PatternIndex = field(default_factory=PatternIndex)
    moved: set[str] = field(default_factory=set)
    """The static prefixes of patterns that stand under a shorter one."""
    above_moved: set[str] = field(default_factory=set)

    def add(self, number: int, pattern: PathPattern) -> None:
        prefix = pattern.static_prefix
        shortest = self._shortest_prefix(prefix)
        guards: tuple[PathPattern, ...] | None = ()
        if shortest != prefix:
            guards = None if self._meets_moved(pattern) else self._guards(pattern)
            if guards is None:
                self._move(prefix)
                prefix, guards = shortest, ()
            elif pattern.is_exact and any(guard.accepts(prefix) for guard in guards):
                return
        if not pattern.is_exact:
            self.index.add(pattern)
        self.places.setdefault(prefix, []).append(Placed(number, pattern, () if pattern.is_exact else guards or ()))

    def _shortest_prefix(self, prefix: str) -> str:
        candidates = (prefix[:length] for length, known in self.prefixes.items() if prefix[:length] in known)
        return next(candidates, prefix)

    def _guards(self, pattern: PathPattern) -> tuple[PathPattern, ...] | None:
        try:
            guards = tuple(islice(self.index.broader(pattern), MOST_GUARDS + 1))
        except SearchTooWideError:
            return None
        return guards if len(guards) <= MOST_GUARDS else None

    def _meets_moved(self, pattern: PathPattern) -> bool:
        """Tell whether an earlier pattern that has moved may share a path with this one: only order can decide."""
        if not self.moved:
            return False
        prefix = pattern.static_prefix
        if not pattern.is_exact and prefix in self.above_moved:
            return True
        return any(prefix[:length] in self.moved for length in self.prefixes)

    def _move(self, prefix: str) -> None:
        if prefix not in self.moved:
            self.moved.add(prefix)
            self.above_moved.update(prefix[:length] for length in self.prefixes)
