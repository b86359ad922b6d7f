"""A validated value together with where it stands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

from wicketgate.diagnostics import Span
from wicketgate.project.document import Document, Pointer

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Located(Generic[T]):
    """`value` stands at `pointer` of `document`."""

    value: T
    document: Document
    pointer: Pointer

    def span(self, *below: str | int, key: bool = False) -> Span:
        """Return the place of the value, or of what stands `below` it."""
        return self.document.span((*self.pointer, *below), key=key)
