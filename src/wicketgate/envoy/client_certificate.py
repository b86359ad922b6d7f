"""Callers' certificates: one constant Lua program, `client_certificate.lua`, which a route switches on.

Envoy has verified the certificate by then, or not; the program says what that means for the route. It stands before
the route's own chain, so nothing of a route acts for a caller that it refuses.
"""

from __future__ import annotations

import re
from importlib.resources import files

from wicketgate.envoy.types import any_of, http_filter
from wicketgate.ir.gateway import Route
from wicketgate.ir.steps import RequireClientCertificate
from wicketgate.json_types import JsonObject

FILTER = "wicketgate.client-certificate"
_PROGRAM = files("wicketgate.envoy").joinpath("client_certificate.lua").read_text(encoding="utf-8")


def client_certificate_filter() -> JsonObject:
    """Return the filter, switched off; a route switches it on by handing it its demands."""
    program = {"inline_string": _PROGRAM}
    lua = http_filter(FILTER, "lua.v3.Lua", default_source_code=program, clear_route_cache=False)
    return {**lua, "disabled": True}


def client_certificate_config(route: Route) -> JsonObject:
    """Return the per-route configuration; empty for a route that demands nothing."""
    demands = [_demand(step) for step in route.inbound if isinstance(step, RequireClientCertificate)]
    if not demands:
        return {}
    context = {"demands": demands}
    return {FILTER: any_of("envoy.extensions.filters.http.lua.v3.LuaPerRoute", filter_context=context)}


def _demand(step: RequireClientCertificate) -> JsonObject:
    issuer = {"issuer": comparable(step.issuer)} if step.issuer is not None else {}
    return {"optional": step.optional, **issuer}


def comparable(name: str) -> str:
    """Return a distinguished name as the program compares it: without spaces, in lower case.

    Envoy writes names by RFC 2253 (`CN=Issuing,O=Acme`), every byte above ASCII as a backslash and two digits.
    """
    escaped = "".join(chr(byte) if byte < 0x80 else f"\\{byte:02x}" for byte in name.encode())
    return re.sub(r"\s", "", escaped).lower()
