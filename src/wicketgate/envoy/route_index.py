"""Finds, among many patterns, those that may match a path which another pattern matches too."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from wicketgate.ir.path_pattern import PathPattern

MOST_STEPS: Final = 400
"""Of one search: keeps the work linear in the number of routes, however they overlap."""


class SearchTooWideError(Exception):
    """More candidates than are worth looking at."""


@dataclass(frozen=True, slots=True)
class _Segment:
    regex: str
    literal: str | None
    lead: str


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

    def add(self, pattern: PathPattern) -> None:
        outline = _outline(pattern)
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
        search = _Search(_outline(pattern))
        for candidate in search.run(self._root):
            if len(candidate.static_prefix) < len(pattern.static_prefix):
                yield candidate


@dataclass(slots=True)
class _Search:
    outline: _Outline
    steps: int = 0

    def run(self, root: _Node) -> Iterator[PathPattern]:
        # `apart`: a parameter was met on the way, so the candidate's static prefix has ended before ours.
        waiting = [(root, 0, False)]
        while waiting:
            node, depth, apart = waiting.pop()
            self._step()
            yield from self._counted(node.open_ended)
            if depth < len(self.outline.segments):
                segment = self.outline.segments[depth]
                waiting += [(child, depth + 1, gone) for child, gone in self._children(node, segment, apart)]
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
                if _compiled(ours.regex).fullmatch(literal):
                    yield child, True
        for theirs, child in node.patterns.items():
            self._step()
            if ours.literal is not None:
                if _compiled(theirs.regex).fullmatch(ours.literal):
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
    regexes: list[str] = []
    literals: list[str | None] = []

    def close() -> None:
        literal = None if None in literals else "".join(text or "" for text in literals)
        lead = (literals[0] if literals else "") or ""
        segments.append(_Segment("".join(regexes), literal, lead))
        regexes.clear()
        literals.clear()

    for piece in pattern.pieces:
        if piece.crosses_segments:
            return _Outline(tuple(segments[1:]), open_ended=True)
        if piece.literal is None:
            regexes.append(piece.regex)
            literals.append(None)
            continue
        for number, text in enumerate(piece.literal.split("/")):
            if number:
                close()
            if text:
                regexes.append(re.escape(text))
                literals.append(text)
    close()
    return _Outline(tuple(segments[1:]), open_ended=False)


@lru_cache(maxsize=4096)
def _compiled(regex: str) -> re.Pattern[str]:
    return re.compile(regex)
