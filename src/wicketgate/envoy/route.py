"""One route of the gateway as one Envoy route. Matching is the tree's work: every route matches `/`."""

from __future__ import annotations

from typing import assert_never

from wicketgate.envoy.client_certificate import client_certificate_config
from wicketgate.envoy.cors import cors_config
from wicketgate.envoy.lambda_program import BUFFER_BYTES, invocation_config
from wicketgate.envoy.message_program import message_config
from wicketgate.envoy.names import CHAIN_FILTER, cluster_name
from wicketgate.envoy.redirects import follows, redirect_mark, redirect_policy, twin_name
from wicketgate.envoy.rewrite import rewrite_fields
from wicketgate.envoy.steps import chain_filters, clear_response, response_fields
from wicketgate.envoy.types import any_of, duration, extension
from wicketgate.ir.gateway import Cors, Forward, Redirect, Respond, Route
from wicketgate.ir.origin import Origin, SignatureProof
from wicketgate.ir.steps import SetHeader
from wicketgate.json_types import JsonObject

_SAFE_TO_REPEAT = frozenset(("GET", "HEAD", "OPTIONS", "PUT", "DELETE"))
"""Idempotent methods (RFC 9110 section 9.2.2)."""


def envoy_route(route: Route) -> JsonObject:
    """Return the `envoy.config.route.v3.Route` of a route."""
    return {
        "name": route.name,
        "match": {"prefix": "/"},
        **_action(route),
        **({"request_headers_to_add": [redirect_mark(route)]} if follows(route) else {}),
        **response_fields((*_own_headers(route), *route.outbound)),
        **_filter_config(route),
        **({"request_body_buffer_limit": BUFFER_BYTES} if _invokes(route) else {}),
    }


def _invokes(route: Route) -> bool:
    return isinstance(route.action, Forward) and route.action.invocation is not None


def redirected_route(route: Route, forward: Forward) -> JsonObject:
    """Return the twin to which redirects of `route` lead: the path is the origin's own, inbound steps are done."""
    return {
        "name": twin_name(route),
        "match": {"prefix": "/"},
        "route": {**_link(route, forward), **redirect_policy(route)},
        # Envoy tells the origin by which URL the caller came, query and all.
        "request_headers_to_remove": ["x-envoy-original-url"],
        **response_fields((*_own_headers(route), *route.outbound)),
    }


def preflight_route(route: Route, cors: Cors) -> JsonObject:
    """Return the route that answers CORS preflights for `route`; what the filter does not answer is a 404."""
    return {
        "name": f"{route.name} (preflight)",
        "match": {"prefix": "/"},
        # The filter does nothing on a direct response, so the 404 is that of a cluster that never exists.
        "route": {"cluster": "wicketgate.no-preflight", "cluster_not_found_response_code": "NOT_FOUND"},
        "typed_per_filter_config": cors_config(cors, route.method),
    }


def fixed_status(name: str, status: int) -> JsonObject:
    """Return a route that answers with a problem of this status."""
    return {"name": name, "match": {"prefix": "/"}, "direct_response": {"status": status}}


def _action(route: Route) -> JsonObject:
    match route.action:
        case Forward() as forward:
            return {"route": _forward(route, forward)}
        case Redirect(_, status):
            return {"direct_response": {"status": status}}
        case Respond(status, _, body):
            return {"direct_response": {"status": status, "body": {"inline_string": body}}}
        case _:
            assert_never(route.action)


def _own_headers(route: Route) -> tuple[SetHeader, ...]:
    """Return what the route itself says in its response, before any outbound policy."""
    vary = (SetHeader("vary", "Origin", overwrite=False),) if route.cors else ()
    match route.action:
        case Redirect(location, _):
            return (SetHeader("location", location), *vary)
        case Respond(_, content_type, _):
            return (SetHeader("content-type", content_type), *vary)
        case _:
            return vary


def _forward(route: Route, forward: Forward) -> JsonObject:
    return {
        **_link(route, forward),
        **rewrite_fields(forward.path, route.pattern),
        **(redirect_policy(route) if forward.follow_redirects else {}),
    }


def _link(route: Route, forward: Forward) -> JsonObject:
    origin = forward.upstream.origin
    return {
        "cluster": cluster_name(forward.upstream),
        "host_rewrite_literal": origin.authority,
        **({} if forward.invocation else {"append_x_forwarded_host": True}),
        **({"upgrade_configs": [{"upgrade_type": "websocket", "enabled": False}]} if _is_whole(forward) else {}),
        "timeout": duration(origin.timeout),
        "idle_timeout": duration(origin.idle_timeout),
        **_retries(route.method, origin),
    }


def _is_whole(forward: Forward) -> bool:
    """Tell whether a request is read to its end before it is sent: then none can become a WebSocket."""
    signed = (proof.signing.signs_payload for proof in forward.upstream.proofs if isinstance(proof, SignatureProof))
    return forward.invocation is not None or any(signed)


def _retries(method: str, origin: Origin) -> JsonObject:
    """Repeat what cannot have had an effect: idempotent methods, and others only if the origin never read them."""
    retries = origin.retries
    if not retries.attempts:
        return {}
    safe = method in _SAFE_TO_REPEAT
    conditions = ["connect-failure", "refused-stream", "reset" if safe else "reset-before-request"]
    statuses = list(retries.status_codes) if safe else []
    policy = {
        "retry_on": ",".join([*conditions, *(["retriable-status-codes"] if statuses else [])]),
        "num_retries": retries.attempts,
        "retry_back_off": {
            "base_interval": duration(retries.back_off),
            "max_interval": duration(retries.max_back_off),
        },
        **({"retriable_status_codes": statuses} if statuses else {}),
        **({"per_try_timeout": duration(retries.per_try_timeout)} if retries.per_try_timeout else {}),
        **({} if _has_one_address(origin) else _ELSEWHERE),
    }
    return {"retry_policy": policy}


def _has_one_address(origin: Origin) -> bool:
    return len(origin.endpoints) == 1 and origin.endpoints[0].is_address


# The one that failed has the fewest requests open: least of all should it be asked again.
_ELSEWHERE: JsonObject = {
    "retry_host_predicate": [
        extension(
            "envoy.retry_host_predicates.previous_hosts",
            "envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate",
        )
    ],
    "host_selection_retry_max_attempts": 10,
}


def _filter_config(route: Route) -> JsonObject:
    config = {
        **(cors_config(route.cors, route.method) if route.cors else {}),
        **client_certificate_config(route),
        **message_config(route),
        **invocation_config(route),
    }
    if filters := [*chain_filters(route.inbound), *clear_response(route.outbound)]:
        config[CHAIN_FILTER] = any_of(
            "envoy.extensions.filters.http.filter_chain.v3.FilterChainConfigPerRoute",
            filter_chain={"filters": filters},
        )
    return {"typed_per_filter_config": config} if config else {}
