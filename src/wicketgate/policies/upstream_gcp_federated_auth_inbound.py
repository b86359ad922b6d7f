"""Send the origin a Google ID token without any stored key
(https://zuplo.com/docs/policies/upstream-gcp-federated-auth-inbound).

The gateway's own identity acts as a service account: `wicket federate gcp` prints what sets up the trust.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

from pydantic import Field

from wicketgate.ir.credentials.google import FederatedToken
from wicketgate.ir.steps import InboundStep, SendToken
from wicketgate.policy import Direction, Policy, PolicyContext
from wicketgate.spec.base import FilledText
from wicketgate.spec.credentials import Endpoint, MemoryOptions

_LIFETIME = 3600

Provider = Annotated[
    str, Field(pattern=r"^projects/[^/\s]+/locations/global/workloadIdentityPools/[^/\s]+/providers/[^/\s]+$")
]
Email = Annotated[str, Field(pattern=r"^[a-z0-9.-]{1,64}@[a-z0-9.-]{1,190}$")]


class UpstreamGcpFederatedAuthInboundOptions(MemoryOptions):
    audience: FilledText
    """Whom the token is for: the URL of the service, or the OAuth client id of IAP."""
    service_account_email: Email
    """The service account that the gateway acts as."""
    workload_identity_provider: Provider
    """`projects/NUMBER/locations/global/workloadIdentityPools/POOL/providers/PROVIDER`."""
    token_lifetime: int = Field(default=_LIFETIME, ge=600, le=3600)
    """Seconds. Google's ID tokens live an hour, whatever is asked for."""
    token_audience: str = ""
    """Whom the gateway's own token is for; left out, `https://iam.googleapis.com/` and the provider."""
    sts_endpoint: Endpoint | None = None
    """Google's STS, where it is not the public one."""
    iam_endpoint: Endpoint | None = None
    """Google's IAM Credentials API, where it is not the public one."""


def _lower(options: UpstreamGcpFederatedAuthInboundOptions, at: PolicyContext) -> Iterable[InboundStep]:
    if options.token_lifetime != _LIFETIME:
        at.warn("lifetime-ignored", f"Google's ID tokens live {_LIFETIME} seconds", hint="leave `tokenLifetime` out")
    credential = FederatedToken(
        renewal=options.renewal,
        audience=options.audience,
        service_account=options.service_account_email,
        provider=options.workload_identity_provider,
        token_audience=options.token_audience,
        sts_endpoint=options.sts_endpoint or "",
        iam_endpoint=options.iam_endpoint or "",
    )
    return [SendToken("authorization", "Bearer ", credential, options.allowed_hosts)]


POLICY = Policy(
    policy_type="upstream-gcp-federated-auth-inbound",
    export="UpstreamGcpFederatedAuthInboundPolicy",
    direction=Direction.INBOUND,
    options=UpstreamGcpFederatedAuthInboundOptions,
    lower=_lower,
)
