"""The path that an origin sees, as far as Envoy's router makes it: a prefix, or parameters put into a new path."""

from __future__ import annotations

import re
from urllib.parse import quote

from wicketgate.ir.gateway import AppendPath, TemplatePath
from wicketgate.ir.path_pattern import PathPattern
from wicketgate.ir.template import Param, TemplatePart
from wicketgate.json_types import JsonObject

_URL_SAFE = "/?#[]@!$&'()*+,;=:%-._~"


def rewrite_fields(path: AppendPath | TemplatePath, pattern: PathPattern) -> JsonObject:
    """Return the fields of a route action that rewrite the path; none where `message.lua` does it."""
    match path:
        case AppendPath(prefix, _):
            return {"prefix_rewrite": f"{escaped(prefix)}/"} if prefix else {}
        case TemplatePath() if path.is_plain:
            substitution = "".join(_substitution(part, pattern) for part in path.template)
            return {"regex_rewrite": {"pattern": {"regex": f"^{pattern.regex}$"}, "substitution": substitution}}
        case _:
            return {}


def escaped(text: str) -> str:
    """Percent-encode what may not stand in a URL; what is encoded already stays."""
    return re.sub(r"%(?![0-9A-Fa-f]{2})", "%25", quote(text, safe=_URL_SAFE))


def _substitution(part: TemplatePart, pattern: PathPattern) -> str:
    if isinstance(part, str):
        return escaped(part).replace("\\", "\\\\")
    if isinstance(part.source, Param):
        return f"\\{pattern.params.index(part.source.name) + 1}"
    raise TypeError(f"the router cannot insert {part.source}")
