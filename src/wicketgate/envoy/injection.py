"""A header that Envoy fills from SDS; without a value there, the request is answered 503 and never sent."""

from __future__ import annotations

from wicketgate.envoy.config_source import CONFIG_SOURCE
from wicketgate.envoy.names import secret_name
from wicketgate.envoy.types import extension, http_filter
from wicketgate.ir.secrets import SecretSource
from wicketgate.json_types import JsonObject

_GENERIC = "envoy.extensions.http.injected_credentials.generic.v3.Generic"


def inject(header: str, secret: SecretSource) -> JsonObject:
    """Set the header from SDS. `overwrite` because the default lets a caller's own value win."""
    return http_filter(
        f"wicketgate.proof.{header}",
        "credential_injector.v3.CredentialInjector",
        overwrite=True,
        credential=extension(
            "envoy.http.injected_credentials.generic",
            _GENERIC,
            header=header,
            credential={"name": secret_name(secret), "sds_config": CONFIG_SOURCE},
        ),
    )
