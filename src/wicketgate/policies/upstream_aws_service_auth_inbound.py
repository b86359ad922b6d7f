"""Sign requests to AWS with a key pair (https://zuplo.com/docs/policies/upstream-aws-service-auth-inbound).

With `roleArn` the pair only assumes that role, and the role's temporary keys sign.
"""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import Field

from wicketgate.ir.credentials.aws import AssumedRole, KeyPair, RoleByKeyPair
from wicketgate.ir.steps import InboundStep, SignRequest
from wicketgate.policy import Direction, Policy, PolicyContext
from wicketgate.spec.base import OptionalSecretText, SecretText
from wicketgate.spec.credentials import Endpoint
from wicketgate.spec.signing import RoleArn, SessionName, SigningOptions


class UpstreamAwsServiceAuthInboundOptions(SigningOptions):
    access_key_id: SecretText
    """The access key id."""
    secret_access_key: SecretText
    """The secret access key, as `$env(NAME)`."""
    session_token: OptionalSecretText = None
    """The session token that goes with temporary keys."""
    role_arn: RoleArn | None = None
    """A role to assume."""
    role_session_name: SessionName = "wicketgate"
    """What AWS's own log calls the session."""
    external_id: str = ""
    """What the role's trust policy demands of others."""
    duration_seconds: int = Field(default=3600, ge=900, le=43_200)
    """How long the role's keys live."""
    sts_endpoint: Endpoint | None = None
    """STS, where it is not AWS's own of the region."""


def _lower(options: UpstreamAwsServiceAuthInboundOptions, at: PolicyContext) -> Iterable[InboundStep]:
    keys = KeyPair(
        renewal=options.renewal,
        access_key_id=options.access_key_id,
        secret_access_key=options.secret_access_key,
        session_token=options.session_token,
    )
    if options.role_arn is None:
        return [SignRequest(keys, options.signing, options.allowed_hosts)]
    role = AssumedRole(
        arn=options.role_arn,
        session_name=options.role_session_name,
        region=options.first_region,
        life=options.duration_seconds,
        endpoint=options.sts_endpoint or "",
    )
    credential = RoleByKeyPair(renewal=options.renewal, keys=keys, role=role, external_id=options.external_id)
    return [SignRequest(credential, options.signing, options.allowed_hosts)]


POLICY = Policy(
    policy_type="upstream-aws-service-auth-inbound",
    export="UpstreamAwsServiceAuthInboundPolicy",
    direction=Direction.INBOUND,
    options=UpstreamAwsServiceAuthInboundOptions,
    lower=_lower,
)
