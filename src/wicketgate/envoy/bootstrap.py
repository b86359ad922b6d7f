"""The bootstrap of Envoy: where our xDS server is, who the node is, and no secret."""

from __future__ import annotations

from dataclasses import dataclass

from wicketgate.envoy.config_source import ADS_CONFIG, CONFIG_SOURCE, SECRETS_CLUSTER, XDS_CLUSTER
from wicketgate.envoy.injection import nothing
from wicketgate.envoy.types import any_of
from wicketgate.json_types import JsonObject

XDS_SOCKET = "xds.sock"
SECRETS_SOCKET = "secrets.sock"
ADMIN_SOCKET = "admin.sock"

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
    secrets_socket: str = SECRETS_SOCKET
    admin_socket: str = ADMIN_SOCKET

    def message(self) -> JsonObject:
        """Return the bootstrap that `envoy -c` reads."""
        return {
            "node": {"id": self.node_id, "cluster": "wicketgate"},
            "admin": {
                "address": {"pipe": {"path": self.admin_socket, "mode": 0o600}},
                "ignore_global_conn_limit": True,
            },
            "dynamic_resources": {
                "cds_config": CONFIG_SOURCE,
                "lds_config": CONFIG_SOURCE,
                "ads_config": ADS_CONFIG,
            },
            "static_resources": {"clusters": self._clusters(), "secrets": [nothing()]},
            "layered_runtime": {"layers": [{"name": "wicketgate", "static_layer": _RUNTIME}]},
            "overload_manager": _connection_limit(self.max_connections),
        }

    def _clusters(self) -> list[JsonObject]:
        return [
            _cluster(XDS_CLUSTER, self.xds_socket),
            {**_cluster(SECRETS_CLUSTER, self.secrets_socket), **_http2()},
        ]


def _cluster(name: str, socket: str) -> JsonObject:
    """Return a static cluster that leads to a UNIX socket of the control plane."""
    return {
        "name": name,
        "type": "STATIC",
        "connect_timeout": "5s",
        "load_assignment": {
            "cluster_name": name,
            "endpoints": [{"lb_endpoints": [{"endpoint": {"address": {"pipe": {"path": socket}}}}]}],
        },
    }


def _http2() -> JsonObject:
    kind = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
    return {
        "typed_extension_protocol_options": {kind: any_of(kind, explicit_http_config={"http2_protocol_options": {}})}
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
