"""The bootstrap of Envoy: where our xDS server is, who the node is, and no secret."""

from __future__ import annotations

from dataclasses import dataclass

from wicketgate.envoy.config_source import CONFIG_SOURCE, XDS_CLUSTER
from wicketgate.envoy.injection import nothing
from wicketgate.json_types import JsonObject

XDS_SOCKET = "xds.sock"
ADMIN_SOCKET = "admin.sock"

_MANY = 1_000_000
"""Each secret is a held poll on a connection of its own; the default circuit breaker opens at 1,024."""

_RUNTIME: JsonObject = {
    # The default of 100 refuses the expression of a route with a few parameters.
    "re2.max_program_size.error_level": 100_000,
    # The order of routes rests on it: a longer prefix whose routes do not match gives way to a shorter one.
    "envoy.reloadable_features.prefix_map_matcher_resume_after_subtree_miss": True,
}


@dataclass(frozen=True, slots=True)
class Bootstrap:
    """What differs between gateways. The sockets' paths are relative to Envoy's working directory."""

    node_id: str
    max_connections: int
    xds_socket: str = XDS_SOCKET
    admin_socket: str = ADMIN_SOCKET

    def message(self) -> JsonObject:
        """Return the bootstrap that `envoy -c` reads."""
        return {
            "node": {"id": self.node_id, "cluster": "wicketgate"},
            "admin": {
                "address": {"pipe": {"path": self.admin_socket, "mode": 0o600}},
                "ignore_global_conn_limit": True,
            },
            "dynamic_resources": {"cds_config": CONFIG_SOURCE, "lds_config": CONFIG_SOURCE},
            "static_resources": {"clusters": [xds_cluster(self.xds_socket)], "secrets": [nothing()]},
            "layered_runtime": {"layers": [{"name": "wicketgate", "static_layer": _RUNTIME}]},
            "overload_manager": _connection_limit(self.max_connections),
        }


def xds_cluster(socket: str) -> JsonObject:
    """Return the static cluster that leads to the xDS server on a UNIX socket."""
    limits = ("max_connections", "max_pending_requests", "max_requests", "max_retries")
    return {
        "name": XDS_CLUSTER,
        "type": "STATIC",
        "connect_timeout": "5s",
        "circuit_breakers": {"thresholds": [dict.fromkeys(limits, _MANY)]},
        "load_assignment": {
            "cluster_name": XDS_CLUSTER,
            "endpoints": [{"lb_endpoints": [{"endpoint": {"address": {"pipe": {"path": socket}}}}]}],
        },
    }


def _connection_limit(connections: int) -> JsonObject:
    config = "envoy.extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig"
    monitor = {
        "name": "envoy.resource_monitors.global_downstream_max_connections",
        "typed_config": {
            "@type": f"type.googleapis.com/{config}",
            "max_active_downstream_connections": connections,
        },
    }
    return {"resource_monitors": [monitor]}
