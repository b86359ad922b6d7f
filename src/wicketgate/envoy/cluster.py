"""One cluster for each origin with its link and its proofs."""

from __future__ import annotations

from pathlib import Path

from wicketgate.envoy.lambda_program import BUFFER_BYTES, answer_filter
from wicketgate.envoy.names import cluster_name
from wicketgate.envoy.origin_tls import transport_socket
from wicketgate.envoy.proofs import proof_filters
from wicketgate.envoy.types import any_of, duration, http_filter
from wicketgate.ir.origin import CircuitLimits, Endpoint, Origin, PassiveHealth, Protocol, Upstream
from wicketgate.json_types import JsonObject

_HTTP_OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"


def cluster(upstream: Upstream, *, roots: Path) -> JsonObject:
    """Return the cluster of an upstream. `roots` are the system's certificate authorities, PEM."""
    origin = upstream.origin
    socket = transport_socket(origin.link, origin.protocol, roots=roots)
    return any_of(
        "envoy.config.cluster.v3.Cluster",
        name=cluster_name(upstream),
        **_discovery(origin.endpoints),
        respect_dns_ttl=True,
        connect_timeout=duration(origin.connect_timeout),
        **({"per_connection_buffer_limit_bytes": BUFFER_BYTES} if upstream.is_lambda else {}),
        lb_policy="LEAST_REQUEST",
        load_assignment=_endpoints(cluster_name(upstream), origin.endpoints),
        circuit_breakers={"thresholds": [_limits(origin.circuit_limits)]},
        upstream_connection_options={
            "tcp_keepalive": {"keepalive_time": 30, "keepalive_interval": 10, "keepalive_probes": 3}
        },
        typed_extension_protocol_options={_HTTP_OPTIONS: _http_options(upstream)},
        **({"transport_socket": socket} if socket else {}),
        **({"outlier_detection": _outliers(origin.passive_health)} if origin.passive_health else {}),
    )


def _discovery(endpoints: tuple[Endpoint, ...]) -> JsonObject:
    """All addresses of a name share the load. A server on `localhost` may have bound one of two: both are tried."""
    if all(endpoint.is_address for endpoint in endpoints):
        return {"type": "STATIC"}
    if [endpoint.host for endpoint in endpoints] == ["localhost"]:
        return {"type": "LOGICAL_DNS", "dns_lookup_family": "ALL"}
    return {"type": "STRICT_DNS", "dns_lookup_family": "V4_PREFERRED"}


def _http_options(upstream: Upstream) -> JsonObject:
    codec = http_filter("envoy.filters.http.upstream_codec", "upstream_codec.v3.UpstreamCodec")
    filters = [*([answer_filter()] if upstream.is_lambda else []), *proof_filters(upstream.proofs)]
    return any_of(
        _HTTP_OPTIONS,
        common_http_protocol_options={
            "idle_timeout": "55s",
            "max_connection_duration": duration(upstream.origin.connection_age),
        },
        **_protocol(upstream.origin),
        **({"http_filters": [*filters, codec]} if filters else {}),
    )


def _protocol(origin: Origin) -> JsonObject:
    http1 = {"http_protocol_options": {"enable_trailers": True}}
    match origin.protocol:
        case Protocol.HTTP1:
            return {"explicit_http_config": http1}
        case Protocol.HTTP2:
            return {"explicit_http_config": {"http2_protocol_options": _HTTP2}}
        case Protocol.AUTO:
            return {"auto_config": {**http1, "http2_protocol_options": _HTTP2}}


_HTTP2: JsonObject = {"connection_keepalive": {"interval": "30s", "timeout": "10s"}}


def _endpoints(name: str, endpoints: tuple[Endpoint, ...]) -> JsonObject:
    def one(endpoint: Endpoint) -> JsonObject:
        address = {"address": endpoint.host, "port_value": endpoint.port}
        return {"endpoint": {"address": {"socket_address": address}}}

    return {"cluster_name": name, "endpoints": [{"lb_endpoints": [one(endpoint) for endpoint in endpoints]}]}


def _limits(limits: CircuitLimits) -> JsonObject:
    return {
        "max_connections": limits.connections,
        "max_pending_requests": limits.pending_requests,
        "max_requests": limits.requests,
        "max_retries": limits.retries,
    }


def _outliers(health: PassiveHealth) -> JsonObject:
    return {
        "consecutive_5xx": health.consecutive_errors,
        "split_external_local_origin_errors": True,
        "consecutive_local_origin_failure": health.consecutive_errors,
        "base_ejection_time": duration(health.ejection_time),
        "max_ejection_percent": health.max_ejected_percent,
        # Rates need traffic that small installations do not have; failures in a row mean the same everywhere.
        "enforcing_success_rate": 0,
        "enforcing_local_origin_success_rate": 0,
    }
