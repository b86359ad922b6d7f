"""Send the origin a Google token of a service account (https://zuplo.com/docs/policies/upstream-gcp-service-auth-inbound).

An ID token for your own services (Cloud Run, functions, IAP), or an access token for Google's APIs. With a key of the
account, or as the account of the machine in Google Cloud that the gateway runs on.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from wicketgate.ir.credentials.google import MachineToken, ServiceAccountToken
from wicketgate.ir.steps import InboundStep, SendToken
from wicketgate.policy import Direction, Policy, PolicyContext
from wicketgate.spec.base import FilledText, OptionalSecretText
from wicketgate.spec.credentials import Endpoint, MemoryOptions, MetadataEndpoint, no_use


class UpstreamGcpServiceAuthInboundOptions(MemoryOptions):
    service_account_json: OptionalSecretText = None
    """The key file of the service account, as `$env(NAME)`."""
    credentials_from: Literal["key", "machine"] = "key"
    """`machine` asks the metadata server of the machine (Compute Engine, Cloud Run, GKE) in place of using a key."""
    metadata_endpoint: MetadataEndpoint | None = None
    """That server, where it is not the one that Google gives every machine."""
    audience: FilledText | None = None
    """For an ID token: the URL of the service, or the OAuth client id of IAP."""
    scopes: tuple[FilledText, ...] = ()
    """For an access token: what it may do."""
    token_endpoint: Endpoint | None = None
    """Google's token endpoint, where it is not the public one. The one in the key file is not used."""
    version: int = Field(default=2, ge=1, le=2)
    """Both versions of the reference are one here."""

    @model_validator(mode="after")
    def _one(self) -> UpstreamGcpServiceAuthInboundOptions:
        if (self.audience is None) == (not self.scopes):
            raise PydanticCustomError(
                "wrong-value",
                "one of `audience` and `scopes` says what is asked for",
                {"hint": "`audience` for an ID token (your services), `scopes` for an access token (Google's APIs)"},
            )
        return self

    @model_validator(mode="after")
    def _fit_together(self) -> UpstreamGcpServiceAuthInboundOptions:
        if self.credentials_from == "machine":
            no_use(self, ("service_account_json", "token_endpoint"), needs='`"credentialsFrom": "key"`')
            return self
        if self.service_account_json is None:
            raise PydanticCustomError(
                "missing-key",
                "`serviceAccountJson` must be there",
                {"hint": 'add it, or `"credentialsFrom": "machine"` on a machine in Google Cloud'},
            )
        no_use(self, ("metadata_endpoint",), needs='`"credentialsFrom": "machine"`')
        return self


def _lower(options: UpstreamGcpServiceAuthInboundOptions, at: PolicyContext) -> Iterable[InboundStep]:
    return [SendToken("authorization", "Bearer ", _credential(options), options.allowed_hosts)]


def _credential(options: UpstreamGcpServiceAuthInboundOptions) -> MachineToken | ServiceAccountToken:
    renewal, audience, scopes = options.renewal, options.audience or "", options.scopes
    if options.service_account_json is None:
        endpoint = options.metadata_endpoint or ""
        return MachineToken(renewal=renewal, audience=audience, scopes=scopes, endpoint=endpoint)
    return ServiceAccountToken(
        renewal=renewal,
        account=options.service_account_json,
        audience=audience,
        scopes=scopes,
        token_endpoint=options.token_endpoint or "",
    )


POLICY = Policy(
    policy_type="upstream-gcp-service-auth-inbound",
    export="UpstreamGcpServiceAuthInboundPolicy",
    direction=Direction.INBOUND,
    options=UpstreamGcpServiceAuthInboundOptions,
    lower=_lower,
)
