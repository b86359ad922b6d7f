"""The parameters of a path as a Lua pattern (https://www.lua.org/manual/5.1/manual.html#5.4.1)."""

from __future__ import annotations

import re

from wicketgate.ir.captures import Capture, captures
from wicketgate.ir.path_pattern import PathPattern

_SPECIAL = re.compile(r"[^A-Za-z0-9/]")
_CAPTURES = {Capture.SEGMENT: "([^/][^/]-)", Capture.REST: "(.*)"}


def lua_pattern(pattern: PathPattern) -> str | None:
    """Return a pattern with a capture for each parameter; None where they cannot be cut out."""
    cut = captures(pattern)
    if cut is None:
        return None
    body = "".join(_CAPTURES[part] if isinstance(part, Capture) else _SPECIAL.sub(r"%\g<0>", part) for part in cut)
    return f"^{body}$"
