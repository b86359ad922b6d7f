"""Sign requests to AWS with a key pair, or with keys of the machine's own
(https://zuplo.com/docs/policies/upstream-aws-service-auth-inbound).

With `roleArn` the keys only assume that role, and the role's temporary keys sign.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from wicketgate.ir.credentials.aws import AssumedRole, AwsKeys, ContainerKeys, InstanceKeys, KeyPair, RoleByKeyPair
from wicketgate.ir.secrets import TextSecret
from wicketgate.ir.steps import InboundStep, SignRequest
from wicketgate.policy import Direction, Policy, PolicyContext
from wicketgate.spec.base import OptionalSecretText
from wicketgate.spec.credentials import Endpoint, MetadataEndpoint, no_use
from wicketgate.spec.signing import RoleArn, SessionName, SigningOptions, region_of_sts

_CHAINED = 3600
"""Seconds: AWS calls it role chaining."""
_OF_A_PAIR = ("access_key_id", "secret_access_key", "session_token")
_OF_A_ROLE = ("role_session_name", "external_id", "duration_seconds", "sts_endpoint")


class UpstreamAwsServiceAuthInboundOptions(SigningOptions):
    access_key_id: OptionalSecretText = None
    """The access key id."""
    secret_access_key: OptionalSecretText = None
    """The secret access key, as `$env(NAME)`."""
    session_token: OptionalSecretText = None
    """The session token that goes with temporary keys."""
    credentials_from: Literal["keys", "instance", "container"] = "keys"
    """`instance` takes the keys of the EC2 instance that the gateway runs on, `container` those of its ECS task or EKS
    pod, in place of a key pair."""
    metadata_endpoint: MetadataEndpoint | None = None
    """Where those keys are, if not where the platform says: the instance's metadata service, or the container's whole
    URL."""
    metadata_token_file: str | None = Field(default=None, pattern=r"^/")
    """For a container's `metadataEndpoint`: the file with the token that it demands."""
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

    @model_validator(mode="after")
    def _fit_together(self) -> UpstreamAwsServiceAuthInboundOptions:
        if self.credentials_from == "keys":
            if self.access_key_id is None or self.secret_access_key is None:
                raise PydanticCustomError(
                    "missing-key",
                    "`accessKeyId` and `secretAccessKey` must be there",
                    {"hint": 'add them, or `"credentialsFrom": "instance"` or `"container"` on a machine in AWS'},
                )
            no_use(self, ("metadata_endpoint",), needs="`credentialsFrom`")
        else:
            no_use(self, _OF_A_PAIR, needs='`"credentialsFrom": "keys"`')
        if self.credentials_from != "container" or self.metadata_endpoint is None:
            no_use(self, ("metadata_token_file",), needs="`metadataEndpoint` of a container")
        if self.role_arn is None:
            no_use(self, _OF_A_ROLE, needs="`roleArn`")
        else:
            region_of_sts(self.region or "")
        if self.credentials_from != "keys" and self.duration_seconds > _CHAINED:
            hint = f"write {_CHAINED} at most (https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles.html)"
            message = "a role that another role assumes, as that of the machine, lives an hour at most"
            raise PydanticCustomError("wrong-value", message, {"hint": hint})
        return self


def _lower(options: UpstreamAwsServiceAuthInboundOptions, at: PolicyContext) -> Iterable[InboundStep]:
    keys = _keys(options)
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


def _keys(options: UpstreamAwsServiceAuthInboundOptions) -> AwsKeys:
    endpoint = options.metadata_endpoint or ""
    match options.credentials_from, options.access_key_id, options.secret_access_key:
        case "instance", _, _:
            return InstanceKeys(renewal=options.renewal, endpoint=endpoint)
        case "container", _, _:
            file = options.metadata_token_file or ""
            return ContainerKeys(renewal=options.renewal, url=endpoint, token_file=file)
        case _, TextSecret() as name, TextSecret() as secret:
            token = options.session_token
            return KeyPair(renewal=options.renewal, access_key_id=name, secret_access_key=secret, session_token=token)
        case _:
            raise TypeError("validated options hold what their keys come from")


POLICY = Policy(
    policy_type="upstream-aws-service-auth-inbound",
    export="UpstreamAwsServiceAuthInboundPolicy",
    direction=Direction.INBOUND,
    options=UpstreamAwsServiceAuthInboundOptions,
    lower=_lower,
)
