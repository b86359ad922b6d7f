"""Find the route of a request as Envoy would: the path normalised, then first match in document order."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import quote

from wicketgate.ir.gateway import Route

_ESCAPED_SLASH = re.compile(r"%(2f|5c)", re.IGNORECASE)
_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})")
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_SLASHES = re.compile(r"/{2,}")


class RefusedPathError(ValueError):
    """The gateway answers such a path with 400, whatever the routes."""


@dataclass(frozen=True, slots=True)
class Match:
    """The route that answers, and what its path parameters become."""

    route: Route
    params: Mapping[str, str]


def first_match(routes: Iterable[Route], *, method: str, path: str) -> Match | None:
    """Return the first route for a method and a path without its query. Raises `RefusedPathError`."""
    normalised = normalised_path(path)
    for route in routes:
        if route.method == method and (params := route.pattern.match(normalised)) is not None:
            return Match(route, params)
    return None


def normalised_path(path: str) -> str:
    """Return the path as the routes see it: unreserved characters unescaped, dots resolved, slashes merged.

    Source: RFC 3986 section 6.2.2, and Envoy's `normalize_path`, `merge_slashes` and
    `path_with_escaped_slashes_action`. Raises `RefusedPathError`.
    """
    if _ESCAPED_SLASH.search(path):
        raise RefusedPathError("a path with an escaped slash or backslash is refused with 400")
    plain = quote(_ESCAPE.sub(_unescaped, path.replace("\\", "/")), safe="/%!$&'()*+,:;=@[]|~")
    return _SLASHES.sub("/", _without_dots(plain))


def _unescaped(escape: re.Match[str]) -> str:
    character = chr(int(escape[1], 16))
    return character if character in _UNRESERVED else escape[0]


def _without_dots(path: str) -> str:
    """Follow RFC 3986 section 5.2.4; a trailing dot segment leaves a slash."""
    kept: list[str] = []
    segments = path.split("/")[1:]
    for index, segment in enumerate(segments):
        last = index == len(segments) - 1
        if segment == "..":
            kept = kept[:-1]
        elif segment != ".":
            kept.append(segment)
            continue
        if last:
            kept.append("")
    return "/" + "/".join(kept)
