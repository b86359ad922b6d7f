"""Finds, among many patterns, those that may match a path which another pattern matches too."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from wicketgate.ir.path_acceptance import accepts
from wicketgate.ir.path_pattern import PathPattern
from wicketgate.ir.path_pieces import SEGMENT, Piece, literal

MOST_STEPS: Final = 400
"""Of one search: keeps the work linear in the number of routes, however they overlap."""


class SearchTooWideError(Exception):
    """More candidates than are worth looking at."""


@dataclass(frozen=True, slots=True)
class _Segment:
    regex: str
    literal: str | None
    lead: str
    pieces: tuple[Piece, ...] = field(compare=False)

    def accepts(self, text: str) -> bool:
        return self.regex == SEGMENT or accepts(self.pieces, text)


@dataclass(frozen=True, slots=True)
class _Outline:
    """A pattern as segments; `open_ended` when a part of it may match slashes, from that segment on."""

    segments: tuple[_Segment, ...]
    open_ended: bool


@dataclass(slots=True)
class _Node:
    literals: dict[str, _Node] = field(default_factory=dict)
    patterns: dict[_Segment, _Node] = field(default_factory=dict)
    ends: list[PathPattern] = field(default_factory=list)
    open_ended: list[PathPattern] = field(default_factory=list)


class PatternIndex:
    """A tree of segments."""

    def __init__(self) -> None:
        self._root = _Node()
        self._outlines: dict[int, tuple[PathPattern, _Outline]] = {}

    def add(self, pattern: PathPattern) -> None:
        outline = self._outlined(pattern)
        node = self._root
        for segment in outline.segments:
            if segment.literal is not None:
                node = node.literals.setdefault(segment.literal, _Node())
            else:
                node = node.patterns.setdefault(segment, _Node())
        (node.open_ended if outline.open_ended else node.ends).append(pattern)

    def broader(self, pattern: PathPattern) -> Iterator[PathPattern]:
        """Yield the patterns with a shorter static prefix that may share a path with `pattern`.

        None is left out; some that share no path may be among them. Raises SearchTooWideError.
        """
        for candidate in _Search(self._outlined(pattern)).run(self._root, apart=False):
            if len(candidate.static_prefix) < len(pattern.static_prefix):
                yield candidate

    def overlapping(self, pattern: PathPattern) -> Iterator[PathPattern]:
        """Yield all patterns that may share a path with `pattern`, and some that do not.

        Raises SearchTooWideError.
        """
        return _Search(self._outlined(pattern)).run(self._root, apart=True)

    def _outlined(self, pattern: PathPattern) -> _Outline:
        """Patterns are kept by identity, together with their outlines: to hash one costs as much as to outline it."""
        found = self._outlines.get(id(pattern))
        if found is None:
            found = self._outlines[id(pattern)] = (pattern, _outline(pattern))
        return found[1]


@dataclass(slots=True)
class _Search:
    outline: _Outline
    steps: int = 0

    def run(self, root: _Node, *, apart: bool) -> Iterator[PathPattern]:
        # `apart`: a parameter was met on the way, so the candidate's static prefix has ended before ours.
        waiting: list[Iterator[tuple[_Node, bool]]] = [iter([(root, apart)])]
        while waiting:
            node, apart = next(waiting[-1], (None, False))
            if node is None:
                waiting.pop()
                continue
            depth = len(waiting) - 1
            self._step()
            yield from self._counted(node.open_ended)
            if depth < len(self.outline.segments):
                waiting.append(self._children(node, self.outline.segments[depth], apart))
            elif self.outline.open_ended:
                yield from self._below(node, apart)
            else:
                yield from self._counted(node.ends)

    def _children(self, node: _Node, ours: _Segment, apart: bool) -> Iterator[tuple[_Node, bool]]:
        if ours.literal is not None:
            if (child := node.literals.get(ours.literal)) is not None:
                yield child, apart
        elif apart:
            for literal, child in node.literals.items():
                self._step()
                if ours.accepts(literal):
                    yield child, True
        for theirs, child in node.patterns.items():
            self._step()
            if ours.literal is not None:
                if theirs.accepts(ours.literal):
                    yield child, True
            elif apart or len(theirs.lead) < len(ours.lead):
                yield child, True

    def _below(self, node: _Node, apart: bool) -> Iterator[PathPattern]:
        waiting = [node] if apart else list(node.patterns.values())
        while waiting:
            below = waiting.pop()
            self._step()
            yield from self._counted(below.ends)
            yield from self._counted(below.open_ended if below is not node else [])
            waiting += [*below.literals.values(), *below.patterns.values()]

    def _counted(self, patterns: list[PathPattern]) -> Iterator[PathPattern]:
        for pattern in patterns:
            self._step()
            yield pattern

    def _step(self) -> None:
        self.steps += 1
        if self.steps > MOST_STEPS:
            raise SearchTooWideError


def _outline(pattern: PathPattern) -> _Outline:
    segments: list[_Segment] = []
    current: list[Piece] = []
    for piece in pattern.pieces:
        if piece.crosses_segments:
            return _Outline(tuple(segments[1:]), open_ended=True)
        if piece.literal is None:
            current.append(piece)
            continue
        first, *rest = piece.literal.split("/")
        current += [literal(first)] if first else []
        for text in rest:
            segments.append(_segment(current))
            current = [literal(text)] if text else []
    return _Outline((*segments, _segment(current))[1:], open_ended=False)


def _segment(pieces: Sequence[Piece]) -> _Segment:
    if not pieces:
        return _Segment("", "", "", ())
    only = pieces[0].literal if len(pieces) == 1 else None
    return _Segment("".join(piece.regex for piece in pieces), only, pieces[0].literal or "", tuple(pieces))
