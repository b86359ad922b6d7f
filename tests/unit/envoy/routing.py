"""The plain list that the route tree must agree with."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from wicketgate.envoy.route_tree import Fallbacks, RouteEntry
from wicketgate.ir.path_pattern import PathPattern, parse_open_api
from wicketgate.ir.url_pattern import parse_url_pattern
from wicketgate.json_types import JsonObject

METHODS = frozenset({"GET", "POST", "OPTIONS"})


def reply(text: str, status: int = 200) -> JsonObject:
    return {"match": {"prefix": "/"}, "direct_response": {"status": status, "body": {"inline_string": text}}}


FALLBACKS = Fallbacks(reply("not found", 404), reply("not implemented", 501), METHODS)


def pattern(template: str) -> PathPattern:
    """Parse either syntax; `url:` marks the URLPattern one."""
    mode, _, rest = template.partition(":")
    return parse_url_pattern(rest) if mode == "url" else parse_open_api(template)


def entries(*templates: str, method: str = "GET", requested: str | None = None) -> list[RouteEntry]:
    return [
        RouteEntry(method, pattern(template), reply(f"{number} {template}"), requested)
        for number, template in enumerate(templates)
    ]


def first_match(
    routes: Sequence[RouteEntry], method: str, target: str, requested: str | None = None
) -> tuple[int, str]:
    """Return status and body of the answer, by going through the list."""
    if method not in METHODS:
        return answer(FALLBACKS.not_implemented)
    path = target.partition("?")[0]
    wanted = requested if method == "OPTIONS" else None
    for route in routes:
        asked = (route.method, route.requested_method) == (method, wanted)
        if asked and _expression(route.pattern.regex).fullmatch(path) is not None:
            return answer(route.route)
    return answer(FALLBACKS.not_found)


@cache
def _expression(regex: str) -> re.Pattern[str]:
    return re.compile(regex)


def answer(route: JsonObject) -> tuple[int, str]:
    response = route["direct_response"]
    return response["status"], response["body"]["inline_string"]
