"""Send the origin a Google token of a service account (https://zuplo.com/docs/policies/upstream-gcp-service-auth-inbound).

An ID token for your own services (Cloud Run, functions, IAP), or an access token for Google's APIs.
"""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from wicketgate.ir.credentials.google import ServiceAccountToken
from wicketgate.ir.steps import InboundStep, SendToken
from wicketgate.policy import Direction, Policy, PolicyContext
from wicketgate.spec.base import SecretText
from wicketgate.spec.credentials import CredentialOptions, Endpoint


class UpstreamGcpServiceAuthInboundOptions(CredentialOptions):
    service_account_json: SecretText
    """The key file of the service account, as `$env(NAME)`."""
    audience: str | None = Field(default=None, min_length=1)
    """For an ID token: the URL of the service, or the OAuth client id of IAP."""
    scopes: tuple[str, ...] = ()
    """For an access token: what it may do."""
    token_endpoint: Endpoint | None = None
    """Google's token endpoint, where it is not the public one. The one in the key file is not used."""
    use_memory_cache_only: bool = True
    """Tokens are kept in memory, and sealed for a restart, whatever is written here."""
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


def _lower(options: UpstreamGcpServiceAuthInboundOptions, at: PolicyContext) -> Iterable[InboundStep]:
    credential = ServiceAccountToken(
        renewal=options.renewal,
        account=options.service_account_json,
        audience=options.audience or "",
        scopes=options.scopes,
        token_endpoint=options.token_endpoint or "",
    )
    return [SendToken("authorization", "Bearer ", credential, options.allowed_hosts)]


POLICY = Policy(
    policy_type="upstream-gcp-service-auth-inbound",
    export="UpstreamGcpServiceAuthInboundPolicy",
    direction=Direction.INBOUND,
    options=UpstreamGcpServiceAuthInboundOptions,
    lower=_lower,
)
