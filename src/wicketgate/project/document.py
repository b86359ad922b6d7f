"""One file of a project, parsed, with the place of every value."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from wicketgate.diagnostics import Span
from wicketgate.json_types import Json

Pointer = tuple[str | int, ...]
"""The way to a value: keys and indexes from the root (RFC 6901, unescaped)."""


@dataclass(frozen=True, slots=True)
class Place:
    """Offsets of a value and, in an object, of its key; a repeated key keeps its first place."""

    value: int
    key: int


class DocumentError(Exception):
    """The text is not a document. `offset` is where in the text it stops making sense."""

    def __init__(self, code: str, message: str, *, offset: int = 0, hint: str = "") -> None:
        super().__init__(message)
        self.code, self.message, self.offset, self.hint = code, message, offset, hint


@dataclass(frozen=True)
class Document:
    """`file` is relative to the project. Places are found when first asked for: a good project pays nothing."""

    file: str
    text: str = field(repr=False)
    value: Json = field(repr=False)
    locate: Callable[[str], Mapping[Pointer, Place]] = field(repr=False)

    @cached_property
    def _places(self) -> Mapping[Pointer, Place]:
        return self.locate(self.text)

    @cached_property
    def _line_starts(self) -> list[int]:
        return line_starts(self.text)

    def span(self, pointer: Pointer = (), *, key: bool = False) -> Span:
        """Return where the value (or its key) stands; for what is missing, the nearest parent that exists."""
        for length in range(len(pointer), -1, -1):
            place = self._places.get(pointer[:length])
            if place is not None:
                wants_key = key and length == len(pointer)
                return self._span_at(place.key if wants_key else place.value)
        return Span(self.file)

    def _span_at(self, offset: int) -> Span:
        return span_at(self.file, self._line_starts, offset)


def line_starts(text: str) -> list[int]:
    starts = [0]
    find = text.find
    position = find("\n")
    while position >= 0:
        starts.append(position + 1)
        position = find("\n", position + 1)
    return starts


def span_at(file: str, starts: list[int], offset: int) -> Span:
    line = bisect_right(starts, offset)
    return Span(file, line, offset - starts[line - 1] + 1)
