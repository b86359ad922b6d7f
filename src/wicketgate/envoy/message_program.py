"""What Envoy's own filters cannot do to a message is done by one constant Lua program, `message.lua`.

It changes queries (Envoy's filter for that decodes and re-emits the whole query, which lets a caller inject
parameters), fills in URL templates, and replaces the status. Values from the request are percent-encoded there, so
that none can end the path, start a query, or climb out of a folder; one that is empty leaves no empty segment, unless
the template is written with one. The program stands once in the listener, so it
is one Lua state a worker; a route hands it data.
"""

from __future__ import annotations

from importlib.resources import files

from wicketgate.envoy.lua_pattern import lua_pattern
from wicketgate.envoy.rewrite import escaped
from wicketgate.envoy.types import any_of, http_filter
from wicketgate.ir.gateway import AppendPath, Forward, Route, TemplatePath
from wicketgate.ir.path_pattern import PathPattern
from wicketgate.ir.steps import RemoveQuery, SetQuery, SetStatus
from wicketgate.ir.template import Env, Header, Param, Query, Template, TemplatePart, UrlPart
from wicketgate.json_types import JsonObject

FILTER = "wicketgate.message"
_PROGRAM = files("wicketgate.envoy").joinpath("message.lua").read_text(encoding="utf-8")


def message_filter() -> JsonObject:
    """Return the filter, switched off; a route switches it on by handing it data."""
    program = {"inline_string": _PROGRAM}
    # The route is chosen by the caller's path; what the program makes of it must not choose again.
    lua = http_filter(FILTER, "lua.v3.Lua", default_source_code=program, clear_route_cache=False)
    return {**lua, "disabled": True}


def message_config(route: Route) -> JsonObject:
    """Return the per-route configuration; empty for a route that does not need the program."""
    context = {**_query(route), **_template(route), **_status(route)}
    if not context:
        return {}
    return {FILTER: any_of("envoy.extensions.filters.http.lua.v3.LuaPerRoute", filter_context=context)}


def _query(route: Route) -> JsonObject:
    steps = [_query_step(step) for step in route.inbound if isinstance(step, SetQuery | RemoveQuery)]
    return {"query": steps} if steps else {}


def _query_step(step: SetQuery | RemoveQuery) -> JsonObject:
    if isinstance(step, RemoveQuery):
        return {"op": "remove", "name": step.name}
    return {"op": "set", "name": step.name, "value": step.value, "overwrite": step.overwrite}


def _status(route: Route) -> JsonObject:
    wanted = [step.status for step in route.outbound if isinstance(step, SetStatus)]
    return {"status": str(wanted[-1])} if wanted else {}


def _template(route: Route) -> JsonObject:
    match route.action:
        case Forward(path=AppendPath(forward_search=False)):
            return {"drop_search": True}
        case Forward(path=TemplatePath(template, forward_search) as path) if not path.is_plain:
            return {
                "template": [_data(part, route.pattern, moved=path.only_moves) for part in template],
                "forward_search": forward_search,
                "merge": not path.has_empty_segment,
                **_captures(template, route.pattern),
            }
        case _:
            return {}


def _captures(template: Template, pattern: PathPattern) -> JsonObject:
    uses_params = any(not isinstance(part, str) and isinstance(part.source, Param) for part in template)
    if not uses_params:
        return {}
    found = lua_pattern(pattern)
    if found is None:
        raise ValueError(f"the parameters of {pattern.text} cannot be cut out; lowering should have said so")
    return {"captures": found}


def _data(part: TemplatePart, pattern: PathPattern, *, moved: bool) -> JsonObject:
    if isinstance(part, str):
        return {"text": escaped(part)}
    match part.source:
        case Param(name):
            return {"param": pattern.params.index(name) + 1, "moved": moved}
        case Query(name):
            return {"query": name}
        case Header(name):
            return {"header": name}
        case UrlPart() as url_part:
            return {"part": url_part.value, "encoded": part.encoded}
        case Env():
            raise TypeError("variables are filled in before this")
