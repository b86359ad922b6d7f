"""The route configuration: every route in one tree, and what holds for all of them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator

from wicketgate.envoy.cors import RESPONSE_HEADERS, serves_preflight
from wicketgate.envoy.errors import REQUEST_ID_HEADER
from wicketgate.envoy.names import ROUTES, STRIP_FILTER
from wicketgate.envoy.proofs import QUERY_CARRIER
from wicketgate.envoy.redirects import twin_matchers
from wicketgate.envoy.route import envoy_route, fixed_status, preflight_route, redirected_route
from wicketgate.envoy.route_tree import Fallbacks, RouteEntry, route_matcher
from wicketgate.envoy.types import any_of, extension
from wicketgate.ir.gateway import METHODS, Forward, GatewayIR, Respond, Route
from wicketgate.ir.origin import SignatureProof
from wicketgate.json_types import JsonObject

_FORGEABLE = (
    "forwarded",
    "x-forwarded-host",
    "x-forwarded-port",
    "x-real-ip",
    "x-original-url",
    "x-rewrite-url",
    "client-cert",
    "client-cert-chain",
    "x-forwarded-client-cert",
    QUERY_CARRIER,
)
"""What only a proxy in front of an origin says; a caller's word for it would be believed behind us."""


def route_config(gateway: GatewayIR) -> JsonObject:
    """Return the `RouteConfiguration` of the gateway."""
    matcher = route_matcher(
        [entry for route in gateway.routes for entry in _entries(route)],
        Fallbacks(
            not_found=fixed_status("not found", 404),
            not_implemented=fixed_status("not implemented", 501),
            supported_methods=METHODS,
        ),
    )
    host = {
        "name": ROUTES,
        "domains": ["*"],
        "matcher": {
            "matcher_list": {"matchers": [_two_hosts(), *_twins(gateway)]},
            "on_no_match": {"matcher": matcher},
        },
        # Each try of a request is signed anew; without its number two of one second would be one and the same.
        **({"include_request_attempt_count": True} if _signs(gateway) else {}),
        "response_headers_to_remove": [*RESPONSE_HEADERS, *gateway.reserved_headers],
        "response_headers_to_add": [
            {
                "header": {"key": REQUEST_ID_HEADER, "value": "%REQ(x-request-id)%"},
                "append_action": "OVERWRITE_IF_EXISTS_OR_ADD",
            }
        ],
        "typed_per_filter_config": {STRIP_FILTER: _strip(gateway)},
        "metadata": {"filter_metadata": {"wicketgate": {"build": _build_id(matcher)}}},
    }
    return any_of(
        "envoy.config.route.v3.RouteConfiguration",
        name=ROUTES,
        virtual_hosts=[host],
        # Preflights that do not fit end at a cluster that does not exist; publishing orders the others.
        validate_clusters=False,
        max_direct_response_body_size_bytes=max([4096, *map(_body_size, gateway.routes)]),
    )


def _entries(route: Route) -> Iterator[RouteEntry]:
    yield RouteEntry(method=route.method, pattern=route.pattern, route=envoy_route(route))
    if route.cors is not None and serves_preflight(route.cors, route.method):
        yield RouteEntry(
            method="OPTIONS",
            pattern=route.pattern,
            route=preflight_route(route, route.cors),
            requested_method=route.method,
        )


def _two_hosts() -> JsonObject:
    """Refuse a request with two Host fields, which Envoy joins with a comma, before the tree is asked."""
    authority = extension(":authority", "envoy.type.matcher.v3.HttpRequestHeaderMatchInput", header_name=":authority")
    joined = {"single_predicate": {"input": authority, "value_match": {"contains": ","}}}
    refusal = any_of("envoy.config.route.v3.Route", **fixed_status("two hosts", 400))
    return {"predicate": joined, "on_match": {"action": {"name": "route", "typed_config": refusal}}}


def _twins(gateway: GatewayIR) -> list[JsonObject]:
    return twin_matchers(
        (route, redirected_route(route, route.action))
        for route in gateway.routes
        if isinstance(route.action, Forward) and route.action.follow_redirects
    )


def _strip(gateway: GatewayIR) -> JsonObject:
    """Remove callers' copies of what only the gateway may send, before any other filter.

    In trailers, which some origins merge into the headers, no name of a proof passes at all (RFC 9110, 6.5.1).
    """
    headers = [{"remove": name} for name in (*_FORGEABLE, *gateway.reserved_headers)]
    trailers = [{"remove": name} for name in (*_FORGEABLE, *gateway.proof_headers)]
    return any_of(
        "envoy.extensions.filters.http.header_mutation.v3.HeaderMutationPerRoute",
        mutations={"request_mutations": headers, "request_trailers_mutations": trailers},
    )


def _build_id(matcher: JsonObject) -> str:
    return hashlib.sha256(json.dumps(matcher, sort_keys=True).encode()).hexdigest()[:12]


def _signs(gateway: GatewayIR) -> bool:
    forwards = (route.action for route in gateway.routes if isinstance(route.action, Forward))
    return any(isinstance(proof, SignatureProof) for forward in forwards for proof in forward.upstream.proofs)


def _body_size(route: Route) -> int:
    return len(route.action.body.encode()) if isinstance(route.action, Respond) else 0
