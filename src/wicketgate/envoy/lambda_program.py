"""Lambda functions: the request becomes an event before it is sent, the function's result the answer.

Two constant Lua programs. `lambda_event.lua` stands in the listener behind everything that a route does to a request,
and a route switches it on. `lambda_answer.lua` stands at the origin, so that what a route does to an answer is done to
the function's and not to Lambda's. The first leaves the second what it has to know in the stream's metadata. Events and
results are read whole, 6 MiB at most, which is Lambda's own bound
(https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html).
"""

from __future__ import annotations

from importlib.resources import files
from urllib.parse import quote

from wicketgate.envoy.lua_pattern import lua_pattern
from wicketgate.envoy.types import any_of, http_filter
from wicketgate.ir.gateway import Forward, Route
from wicketgate.ir.invocation import Invocation
from wicketgate.ir.path_pattern import PathPattern
from wicketgate.json_types import JsonObject

FILTER = "wicketgate.lambda"
BUFFER_BYTES = 10 * 1024 * 1024
"""What is held of a request, an event, an answer: Envoy has one bound for both ways. Lambda's is 6 MiB, beyond which
the event's program says 413; API Gateway's is 10 MB, and what was compressed may become as long."""


def _program(*names: str) -> str:
    """Return one program made of files: Envoy's Lua finds no modules."""
    return "\n".join(files("wicketgate.envoy").joinpath(name).read_text(encoding="utf-8") for name in names)


_EVENT = _program("lambda_event.lua")
_ANSWER = _program("json_value.lua", "inflate.lua", "lambda_answer.lua")


def event_filter() -> JsonObject:
    """Return the filter of the listener, switched off; a route switches it on by handing it data."""
    program = {"inline_string": _EVENT}
    lua = http_filter(FILTER, "lua.v3.Lua", default_source_code=program, clear_route_cache=False)
    return {**lua, "disabled": True}


def answer_filter() -> JsonObject:
    """Return the filter of the origin."""
    return http_filter("wicketgate.lambda-answer", "lua.v3.Lua", default_source_code={"inline_string": _ANSWER})


def invocation_config(route: Route) -> JsonObject:
    """Return the per-route configuration; empty for a route that invokes nothing."""
    if not isinstance(route.action, Forward) or route.action.invocation is None:
        return {}
    context = _context(route.action.invocation, route.pattern)
    return {FILTER: any_of("envoy.extensions.filters.http.lua.v3.LuaPerRoute", filter_context=context)}


def _context(invocation: Invocation, pattern: PathPattern) -> JsonObject:
    captures = lua_pattern(pattern) if pattern.params else None
    return {
        "format": invocation.payload_format,
        "target": f"/2015-03-31/functions/{quote(invocation.function, safe='')}/invocations",
        "resource": invocation.resource,
        "proxy": invocation.proxy,
        "trace": invocation.returns_trace_id,
        "binary": list(invocation.binary_types),
        **({"captures": captures, "params": list(pattern.params)} if captures else {}),
    }
