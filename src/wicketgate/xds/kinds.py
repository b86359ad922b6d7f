"""The kinds of resource that we serve."""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    """Of those that are polled, the last part of the path: `/v3/discovery:KIND`."""

    CLUSTERS = "clusters"
    SECRETS = "secrets"
    LISTENERS = "listeners"
    ROUTES = "routes"

    @property
    def type_url(self) -> str:
        """The protobuf type of every resource of this kind."""
        return _TYPE_URLS[self]


_TYPE_URLS = {
    Kind.CLUSTERS: "type.googleapis.com/envoy.config.cluster.v3.Cluster",
    Kind.SECRETS: "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret",
    Kind.LISTENERS: "type.googleapis.com/envoy.config.listener.v3.Listener",
    Kind.ROUTES: "type.googleapis.com/envoy.config.route.v3.RouteConfiguration",
}

SUPPLIES = frozenset({Kind.CLUSTERS, Kind.SECRETS})
"""What other resources name, so what must be there before them and leave after them."""

USERS = frozenset({Kind.LISTENERS, Kind.ROUTES})
"""What names clusters and secrets."""

POLLED = frozenset(Kind) - {Kind.SECRETS}
"""What Envoy asks for by REST. Secrets, of which there may be thousands, go over one stream."""

POLLED_BY_NAME = frozenset({Kind.ROUTES})
"""What it asks for by name there; of the other kinds it takes all there is."""
