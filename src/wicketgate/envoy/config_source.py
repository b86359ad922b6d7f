"""The one ConfigSource that every dynamic reference uses."""

from __future__ import annotations

from typing import Final

from wicketgate.json_types import JsonObject

XDS_CLUSTER: Final = "xds"
"""The static cluster of the bootstrap that leads to our xDS server."""

CONFIG_SOURCE: Final[JsonObject] = {
    "resource_api_version": "V3",
    "initial_fetch_timeout": "15s",
    "api_config_source": {
        "api_type": "REST",
        "transport_api_version": "V3",
        "cluster_names": [XDS_CLUSTER],
        "refresh_delay": "0.010s",
        "request_timeout": "60s",
    },
}
"""Never vary these bytes for an existing secret name: Envoy would starve it (envoy issue 47309).

`refresh_delay` is the pause between an answer and the next poll, which says whether the answer was accepted;
a poll itself is held by the server. `request_timeout` must exceed `xds.server.HOLD_SECONDS`.
"""
