"""A header that Envoy fills from SDS; without a value there, the request is answered 503 and never sent."""

from __future__ import annotations

from wicketgate.envoy.config_source import SECRETS_SOURCE
from wicketgate.envoy.names import NOTHING, secret_name
from wicketgate.envoy.types import extension, http_filter
from wicketgate.ir.secrets import SecretSource
from wicketgate.json_types import JsonObject

_GENERIC = "envoy.extensions.http.injected_credentials.generic.v3.Generic"


def inject(header: str, secret: SecretSource) -> JsonObject:
    """Set the header from SDS. `overwrite` because the default lets a caller's own value win."""
    credential = {"name": secret_name(secret), "sds_config": SECRETS_SOURCE}
    return _injector(f"wicketgate.proof.{header}", header, credential, overwrite=True)


def demand(header: str) -> JsonObject:
    """Let nothing pass but what has the header: there is nothing to fill it with."""
    return _injector(f"wicketgate.demand.{header}", header, {"name": NOTHING}, overwrite=False)


def nothing() -> JsonObject:
    """Return the secret of the bootstrap that never has a value."""
    return {"name": NOTHING, "generic_secret": {"secret": {"inline_string": ""}}}


def _injector(name: str, header: str, credential: JsonObject, *, overwrite: bool) -> JsonObject:
    generic = extension("envoy.http.injected_credentials.generic", _GENERIC, header=header, credential=credential)
    return http_filter(name, "credential_injector.v3.CredentialInjector", overwrite=overwrite, credential=generic)
