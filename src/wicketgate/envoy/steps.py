"""Steps of policies as filters of the route's own chain."""

from __future__ import annotations

from collections.abc import Iterable

from wicketgate.envoy.name_regex import any_name_but
from wicketgate.envoy.types import http_filter, literal
from wicketgate.ir.steps import (
    ClearHeaders,
    HeaderStep,
    LimitRequestSize,
    OutboundStep,
    RemoveHeader,
    RequestFilterStep,
    SetHeader,
)
from wicketgate.json_types import JsonObject

TOO_LARGE = "wicketgate.too-large"
"""Name of the rule that refuses a body by its declared length; the error page looks for it."""

_REQUEST_ESSENTIALS = (
    "host",
    "content-length",
    "content-type",
    "content-encoding",
    "transfer-encoding",
    "connection",
    "upgrade",
    "te",
    "trailer",
    "expect",
    "x-request-id",
    "x-forwarded-for",
    "x-forwarded-proto",
    "sec-websocket-key",
    "sec-websocket-version",
    "sec-websocket-extensions",
    "sec-websocket-protocol",
)
"""Without these a request cannot be carried, read, or traced to its caller."""

_RESPONSE_ESSENTIALS = (
    "content-length",
    "content-type",
    "content-encoding",
    "transfer-encoding",
    "connection",
    "upgrade",
    "trailer",
    "date",
    "sec-websocket-accept",
    "sec-websocket-extensions",
    "sec-websocket-protocol",
    "grpc-status",
    "grpc-message",
)


def chain_filters(inbound: Iterable[RequestFilterStep]) -> list[JsonObject]:
    """Return the filters of a route. Limits stand first: what they refuse needs no change.

    Changes of the query are made by the message program, not here.
    """
    steps = list(inbound)
    limits = [_limit(step) for step in steps if isinstance(step, LimitRequestSize)]
    changes = [_mutation(step) for step in steps if isinstance(step, HeaderStep)]
    if not changes:
        return limits
    mutations = {"request_mutations": changes}
    return [*limits, http_filter("wicketgate.change", "header_mutation.v3.HeaderMutation", mutations=mutations)]


def response_fields(outbound: Iterable[OutboundStep]) -> JsonObject:
    """Return the changes of response headers as fields of a route.

    Envoy removes before it adds: the steps are brought into that form, the last one for a name deciding. They also
    hold for what an inbound step refuses, where the reference skips them: no place in Envoy tells the two apart.
    """
    removed: dict[str, None] = {}
    added: dict[str, JsonObject] = {}
    for step in outbound:
        match step:
            case SetHeader(name, value, overwrite):
                if overwrite or name not in added:
                    fresh = overwrite or name in removed
                    added[name] = set_header(name, value, overwrite=fresh)["append"]
            case RemoveHeader(name):
                removed[name] = None
                added.pop(name, None)
    return {
        **({"response_headers_to_remove": list(removed)} if removed else {}),
        **({"response_headers_to_add": list(added.values())} if added else {}),
    }


def clear_response(outbound: Iterable[OutboundStep]) -> list[JsonObject]:
    """Return the filter that clears the response's headers; it runs behind the router, so what is set later is kept."""
    keep: tuple[str, ...] | None = None
    for step in outbound:
        match step:
            case ClearHeaders(names):
                keep = names
            case SetHeader(name) if keep is not None:
                keep = (*keep, name)
    if keep is None:
        return []
    mutations = {"response_mutations": [_clear((*keep, *_RESPONSE_ESSENTIALS))]}
    return [http_filter("wicketgate.clear", "header_mutation.v3.HeaderMutation", mutations=mutations)]


def _mutation(step: HeaderStep) -> JsonObject:
    match step:
        case SetHeader(name, value, overwrite):
            return set_header(name, value, overwrite=overwrite)
        case RemoveHeader(name):
            return {"remove": name}
        case ClearHeaders(keep):
            return _clear((*keep, *_REQUEST_ESSENTIALS))


def _clear(keep: tuple[str, ...]) -> JsonObject:
    return {"remove_on_match": {"key_matcher": {"safe_regex": {"regex": any_name_but(keep)}}}}


def set_header(name: str, value: str, *, overwrite: bool) -> JsonObject:
    """Return a mutation that gives a header a literal value."""
    action = "OVERWRITE_IF_EXISTS_OR_ADD" if overwrite else "ADD_IF_ABSENT"
    return {"append": {"header": {"key": name, "value": literal(value)}, "append_action": action}}


def _limit(step: LimitRequestSize) -> JsonObject:
    if not step.trust_content_length:
        return http_filter("wicketgate.size", "buffer.v3.Buffer", max_request_bytes=step.max_bytes)
    too_long = {
        "header": {"name": "content-length", "range_match": {"start": step.max_bytes + 1, "end": 2**63 - 1}},
    }
    rules = {
        "action": "DENY",
        "policies": {TOO_LARGE: {"permissions": [too_long], "principals": [{"any": True}]}},
    }
    return http_filter("wicketgate.size", "rbac.v3.RBAC", rules=rules)
