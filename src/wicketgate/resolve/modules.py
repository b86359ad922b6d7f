"""`$import(…)`: where the code of a policy or a handler comes from."""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import StrEnum

from wicketgate.diagnostics import Diagnostics, Span

_IMPORT = re.compile(r"\$import\((.*)\)")
_BUILT_IN = ("@zuplo/runtime", "wicketgate")


class Module(StrEnum):
    BUILT_IN = "built-in"
    OWN = "own"


def module_of(text: str, at: Callable[[], Span], diagnostics: Diagnostics) -> Module | None:
    """Return what a module selector names; report one that is none, and code of the project's own."""
    match = _IMPORT.fullmatch(text.strip())
    if not match:
        diagnostics.error("wrong-module", at(), f"`{text}` is not `$import(…)`", hint="write $import(@zuplo/runtime)")
        return None
    if match[1] in _BUILT_IN:
        return Module.BUILT_IN
    if match[1].startswith("./"):
        diagnostics.error(
            "own-code-not-available",
            at(),
            f"`{match[1]}` is code of your own, which this version does not run",
            hint="use a built-in; docs/reference lists policies and handlers",
        )
        return Module.OWN
    diagnostics.error(
        "wrong-module",
        at(),
        f"`{match[1]}` is not a known module",
        hint="$import(@zuplo/runtime) names the built-ins",
    )
    return None
