"""Where Envoy asks for what: one ConfigSource for all secrets, one for everything else."""

from __future__ import annotations

from typing import Final

from wicketgate.json_types import JsonObject

XDS_CLUSTER: Final = "xds"
"""The static cluster of the bootstrap that leads to our xDS server."""

SECRETS_CLUSTER: Final = "xds-secrets"
"""The one that leads to the server of secrets."""

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
"""For listeners, clusters and routes.

`refresh_delay` is the pause between an answer and the next poll, which says whether the answer was accepted;
a poll itself is held by the server. `request_timeout` must exceed `xds.server.HOLD_SECONDS`.
"""

SECRETS_SOURCE: Final[JsonObject] = {"resource_api_version": "V3", "initial_fetch_timeout": "15s", "ads": {}}
"""For secrets: the stream of `ADS_CONFIG`.

Never vary these bytes for an existing secret name: Envoy would starve it (envoy issue 47309).
"""

ADS_CONFIG: Final[JsonObject] = {
    "api_type": "DELTA_GRPC",
    "transport_api_version": "V3",
    "grpc_services": [
        {
            "envoy_grpc": {
                "cluster_name": SECRETS_CLUSTER,
                # A control plane that was restarted has renewed tokens to give; the default waits up to 30 s.
                "retry_policy": {"retry_back_off": {"base_interval": "0.1s", "max_interval": "1s"}},
            }
        }
    ],
}
"""One stream carries all secrets: a poll for each made 5,000 of them 1.7 GiB and a start of a minute."""
