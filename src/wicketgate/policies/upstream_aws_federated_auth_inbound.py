"""Sign requests to AWS with keys of a role that the gateway's own identity may assume
(https://zuplo.com/docs/policies/upstream-aws-federated-auth-inbound). No key is stored anywhere.
"""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import Field, model_validator

from wicketgate.ir.credentials.aws import AssumedRole, RoleByGatewayToken
from wicketgate.ir.steps import InboundStep, SignRequest
from wicketgate.policy import Direction, Policy, PolicyContext
from wicketgate.spec.base import FilledText
from wicketgate.spec.credentials import Endpoint
from wicketgate.spec.signing import RoleArn, SessionName, SigningOptions, region_of_sts


class UpstreamAwsFederatedAuthInboundOptions(SigningOptions):
    role_arn: RoleArn
    """The role; `wicket federate aws` prints what lets the gateway assume it."""
    role_session_name: SessionName = "wicketgate"
    """What AWS's own log calls the session."""
    audience: FilledText = "sts.amazonaws.com"
    """Whom the gateway's token is for: the client id of the identity provider in AWS."""
    duration_seconds: int = Field(default=3600, ge=900, le=43_200)
    """How long the role's keys live."""
    sts_endpoint: Endpoint | None = None
    """STS, where it is not AWS's own of the region."""

    @model_validator(mode="after")
    def _one_region_of_sts(self) -> UpstreamAwsFederatedAuthInboundOptions:
        region_of_sts(self.region or "")
        return self


def _lower(options: UpstreamAwsFederatedAuthInboundOptions, at: PolicyContext) -> Iterable[InboundStep]:
    role = AssumedRole(
        arn=options.role_arn,
        session_name=options.role_session_name,
        region=options.first_region,
        life=options.duration_seconds,
        endpoint=options.sts_endpoint or "",
    )
    credential = RoleByGatewayToken(renewal=options.renewal, role=role, audience=options.audience)
    return [SignRequest(credential, options.signing, options.allowed_hosts)]


POLICY = Policy(
    policy_type="upstream-aws-federated-auth-inbound",
    export="UpstreamAwsFederatedAuthInboundPolicy",
    direction=Direction.INBOUND,
    options=UpstreamAwsFederatedAuthInboundOptions,
    lower=_lower,
)
