"""Errors that a user can act on.

WicketError            shown as "error: message" and "hint: …", never with a traceback
├── ProjectRefused     a project did not check; carries its diagnostics
└── (subclasses live beside what raises them)
"""

from __future__ import annotations

from collections.abc import Sequence

from wicketgate.diagnostics import Diagnostic


class WicketError(Exception):
    """Something the user can mend: `message` says what is wrong, `hint` what to do.

    Neither may hold a secret: both are printed and logged.
    """

    exit_code = 1

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class ProjectRefused(WicketError):
    """The project has errors; `diagnostics` holds all of them."""

    def __init__(self, diagnostics: Sequence[Diagnostic]) -> None:
        count = sum(1 for item in diagnostics if item.is_error)
        super().__init__(f"the project has {count} error{'s' if count != 1 else ''}", hint="run `wicket check`")
        self.diagnostics = tuple(diagnostics)
