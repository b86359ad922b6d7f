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


def chain_filters(inbound: Iterable[RequestFilterStep], outbound: Iterable[OutboundStep]) -> list[JsonObject]:
    """Return the filters of a route. Limits stand first: what they refuse needs no change and gets no outbound step.

    Changes of the query and of the status are made by the message program, not here.
    """
    limits = [_limit(step) for step in inbound if isinstance(step, LimitRequestSize)]
    changes = {
        "request_mutations": [_mutation(step, _REQUEST_ESSENTIALS) for step in inbound if isinstance(step, HeaderStep)],
        "response_mutations": [
            _mutation(step, _RESPONSE_ESSENTIALS) for step in outbound if isinstance(step, HeaderStep)
        ],
    }
    mutations = {kind: items for kind, items in changes.items() if items}
    if not mutations:
        return limits
    return [
        *limits,
        http_filter("wicketgate.change", "header_mutation.v3.HeaderMutation", mutations=mutations),
    ]


def _mutation(step: HeaderStep, essentials: tuple[str, ...]) -> JsonObject:
    match step:
        case SetHeader(name, value, overwrite):
            return set_header(name, value, overwrite=overwrite)
        case RemoveHeader(name):
            return {"remove": name}
        case ClearHeaders(keep):
            return {"remove_on_match": {"key_matcher": {"safe_regex": {"regex": any_name_but((*keep, *essentials))}}}}


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
