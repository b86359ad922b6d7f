"""Send the origin a JWT that a service account's key signs (https://zuplo.com/docs/policies/upstream-gcp-jwt-inbound).

Google is not asked; only some of its APIs take such a token.
"""

from __future__ import annotations

from collections.abc import Iterable

from wicketgate.ir.credentials.google import SelfSignedToken
from wicketgate.ir.steps import InboundStep, SendToken
from wicketgate.policy import Direction, Policy, PolicyContext
from wicketgate.spec.base import CredentialText, FilledText
from wicketgate.spec.credentials import CredentialOptions


class UpstreamGcpJwtInboundOptions(CredentialOptions):
    audience: FilledText
    """The API, such as `https://pubsub.googleapis.com/`."""
    service_account_json: CredentialText
    """The key file of the service account, as `$env(NAME)`."""


def _lower(options: UpstreamGcpJwtInboundOptions, at: PolicyContext) -> Iterable[InboundStep]:
    credential = SelfSignedToken(
        renewal=options.renewal, account=options.service_account_json, audience=options.audience
    )
    return [SendToken("authorization", "Bearer ", credential, options.allowed_hosts)]


POLICY = Policy(
    policy_type="upstream-gcp-jwt-inbound",
    export="UpstreamGcpJwtInboundPolicy",
    direction=Direction.INBOUND,
    options=UpstreamGcpJwtInboundOptions,
    lower=_lower,
)
