"""What we tell the user about a project: what is wrong, where, and what to do."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum


class Severity(StrEnum):
    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A place in a file of the project; `file` is relative to the project, line and column count from 1."""

    file: str
    line: int = 1
    column: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One message. `code` is stable and documented in docs/reference/diagnostics.md."""

    code: str
    span: Span
    message: str
    hint: str = ""
    severity: Severity = Severity.ERROR

    @property
    def is_error(self) -> bool:
        return self.severity is Severity.ERROR


@dataclass(slots=True)
class Diagnostics:
    """Collects the messages of one compile; no stage stops at the first."""

    _items: list[Diagnostic] = field(default_factory=list)

    def error(self, code: str, span: Span, message: str, *, hint: str = "") -> None:
        self._items.append(Diagnostic(code, span, message, hint))

    def warning(self, code: str, span: Span, message: str, *, hint: str = "") -> None:
        self._items.append(Diagnostic(code, span, message, hint, Severity.WARNING))

    @property
    def has_errors(self) -> bool:
        return any(item.is_error for item in self._items)

    def has_errors_in(self, file: str) -> bool:
        """Tell whether what `file` declares is known in part only."""
        return any(item.is_error and item.span.file == file for item in self._items)

    def __iter__(self) -> Iterator[Diagnostic]:
        return iter(self.sorted())

    def sorted(self) -> tuple[Diagnostic, ...]:
        """All messages in the order of their places, each once."""
        unique = dict.fromkeys(self._items)
        return tuple(sorted(unique, key=lambda item: (item.span, item.severity, item.code, item.message)))


def printable(text: str) -> str:
    """Show what a terminal would act on rather than print: a message may quote anything that stands in a file."""
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)


def nearest(word: str, known: Iterable[str]) -> str:
    """Return "did you mean `x`?" for the known word most like `word`, or a list of the known ones."""
    candidates = sorted(known)
    close = difflib.get_close_matches(word, candidates, n=1, cutoff=0.6)
    if close:
        return f"did you mean `{close[0]}`?"
    if not candidates:
        return ""
    shown = ", ".join(f"`{name}`" for name in candidates[:12])
    return f"known: {shown}" + (", …" if len(candidates) > 12 else "")
