"""Listeners for callers: what Envoy refuses before any route is looked for."""

from __future__ import annotations

from collections.abc import Iterator

from wicketgate.envoy.access_log import access_log
from wicketgate.envoy.client_certificate import client_certificate_filter
from wicketgate.envoy.config_source import CONFIG_SOURCE
from wicketgate.envoy.errors import local_reply_config, refuse_unasked_upgrade
from wicketgate.envoy.lambda_program import event_filter
from wicketgate.envoy.listener_tls import quic_socket, tls_socket
from wicketgate.envoy.message_program import message_filter
from wicketgate.envoy.names import (
    CHAIN_FILTER,
    CORS_FILTER,
    ROUTER_FILTER,
    ROUTES,
    STRIP_FILTER,
    listener_name,
)
from wicketgate.envoy.redirects import forget_marks
from wicketgate.envoy.steps import set_header
from wicketgate.envoy.types import any_of, duration, extension, http_filter
from wicketgate.ir.gateway import Edge, Listener, ServerTLS
from wicketgate.json_types import JsonObject

_MANAGER = "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"


def listeners(listener: Listener, edge: Edge) -> Iterator[JsonObject]:
    """Yield the Envoy listeners of one address: TCP, and UDP when HTTP/3 is on.

    Where callers are asked for a certificate, HTTP/3 is not announced: one who went there could not show it.
    """
    quic = listener.tls is not None and listener.http3
    yield _tcp(listener, edge, announce=quic and listener.tls is not None and not listener.tls.clients)
    if listener.tls is not None and quic:
        yield _udp(listener, listener.tls, edge)


def _tcp(listener: Listener, edge: Edge, *, announce: bool) -> JsonObject:
    chain: JsonObject = {"filters": [_manager(listener, edge, codec="AUTO", announce=announce)]}
    if listener.tls:
        chain["transport_socket"] = tls_socket(listener.tls)
    return any_of(
        "envoy.config.listener.v3.Listener",
        name=listener_name(listener.host, listener.port),
        address=_address(listener, "TCP"),
        per_connection_buffer_limit_bytes=1024 * 1024,
        filter_chains=[chain],
        **({"listener_filters": [_tls_inspector()]} if listener.tls else {}),
    )


def _udp(listener: Listener, tls: ServerTLS, edge: Edge) -> JsonObject:
    manager = _manager(listener, edge, codec="HTTP3", announce=False)
    return any_of(
        "envoy.config.listener.v3.Listener",
        name=listener_name(listener.host, listener.port, quic=True),
        address=_address(listener, "UDP"),
        udp_listener_config={"quic_options": {}, "downstream_socket_config": {"prefer_gro": True}},
        filter_chains=[{"filters": [manager], "transport_socket": quic_socket(tls)}],
    )


def _address(listener: Listener, protocol: str) -> JsonObject:
    return {"socket_address": {"protocol": protocol, "address": listener.host, "port_value": listener.port}}


def _tls_inspector() -> JsonObject:
    return extension(
        "envoy.filters.listener.tls_inspector",
        "envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector",
    )


def _manager(listener: Listener, edge: Edge, *, codec: str, announce: bool) -> JsonObject:
    filters = _filters(listener, announce=announce)
    return extension(
        "envoy.filters.network.http_connection_manager",
        _MANAGER,
        stat_prefix="gateway",
        codec_type=codec,
        rds={"route_config_name": ROUTES, "config_source": CONFIG_SOURCE},
        http_filters=[refuse_unasked_upgrade(), *filters],
        upgrade_configs=[{"upgrade_type": "websocket", "filters": [_plain_connection(), *filters]}],
        access_log=access_log(edge.access_log),
        local_reply_config=local_reply_config(),
        **_hygiene(listener, edge),
    )


def _hygiene(listener: Listener, edge: Edge) -> JsonObject:
    return {
        # What a caller says about itself is not believed: address, request id, tracing.
        "use_remote_address": True,
        "early_header_mutation_extensions": [forget_marks()],
        "server_name": "wicketgate",
        # One meaning for a path, at the gateway and at the origin.
        "normalize_path": True,
        "merge_slashes": True,
        "path_with_escaped_slashes_action": "REJECT_REQUEST",
        "common_http_protocol_options": {
            "idle_timeout": "3600s",
            "headers_with_underscores_action": "REJECT_REQUEST",
            # A certificate is verified when a connection begins: one that was revoked since ends with it.
            **({"max_connection_duration": "3600s"} if listener.tls and listener.tls.clients else {}),
        },
        # Methods that nobody registered get our 501 instead of a bare 400.
        "http_protocol_options": {"enable_trailers": True, "allow_custom_methods": True},
        "http2_protocol_options": {
            "allow_connect": True,
            "max_concurrent_streams": 256,
            "initial_stream_window_size": 1024 * 1024,
            "initial_connection_window_size": 4 * 1024 * 1024,
        },
        "request_headers_timeout": duration(edge.header_timeout),
        "stream_idle_timeout": duration(edge.idle_timeout),
        "max_request_headers_kb": edge.request_headers_kb,
    }


def _filters(listener: Listener, *, announce: bool) -> list[JsonObject]:
    """Envoy runs them in this order; what differs between routes stands in the route configuration.

    Most routes need none of those that are switched off here: a route's own configuration switches them on.
    """
    return [
        http_filter(STRIP_FILTER, "header_mutation.v3.HeaderMutation"),
        *([_announce_http3(listener)] if announce else []),
        {**http_filter(CORS_FILTER, "cors.v3.Cors"), "disabled": True},
        client_certificate_filter(),
        {**http_filter(CHAIN_FILTER, "filter_chain.v3.FilterChainConfig"), "disabled": True},
        message_filter(),
        event_filter(),
        http_filter(ROUTER_FILTER, "router.v3.Router", suppress_envoy_headers=True),
    ]


def _announce_http3(listener: Listener) -> JsonObject:
    advertised = set_header("alt-svc", f'h3=":{listener.port}"; ma=86400', overwrite=True)
    return http_filter(
        "wicketgate.http3",
        "header_mutation.v3.HeaderMutation",
        mutations={"response_mutations": [advertised]},
    )


def _plain_connection() -> JsonObject:
    """On upgrades Envoy forwards the caller's Connection list, which the next hop may obey and delete our proof."""
    exactly = set_header("connection", "Upgrade", overwrite=True)
    return http_filter(
        "wicketgate.upgrade", "header_mutation.v3.HeaderMutation", mutations={"request_mutations": [exactly]}
    )
