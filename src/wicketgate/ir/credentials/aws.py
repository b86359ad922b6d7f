"""Keys that sign requests (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html)."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import ClassVar

from wicketgate.ir.credentials.base import Credential, Renewal, server_of
from wicketgate.ir.secrets import TextSecret


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyPair(Credential):
    """An access key that does not end; `session_token` goes with one that does."""

    kind: ClassVar[str] = "aws"

    access_key_id: TextSecret
    secret_access_key: TextSecret
    session_token: TextSecret | None = None

    @property
    def remembered(self) -> bool:
        """Never: nobody has to be asked for it, and it has no end that would correct a mistake."""
        return False


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceKeys(Credential):
    """Keys of the role of an EC2 instance; `endpoint` empty is its own metadata service."""

    kind: ClassVar[str] = "aws-instance"
    of_machine: ClassVar[bool] = True

    endpoint: str = ""

    @property
    def asked(self) -> str:
        return server_of(self.endpoint) if self.endpoint else self.kind


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerKeys(Credential):
    """Keys of the role of a task of ECS or a pod of EKS: from `url`, which a token in `token_file` lets us ask. With
    `url` empty the platform's own environment says both."""

    kind: ClassVar[str] = "aws-container"
    of_machine: ClassVar[bool] = True

    url: str = ""
    token_file: str = ""

    @property
    def asked(self) -> str:
        return server_of(self.url) if self.url else self.kind

    @property
    def file(self) -> str:
        return self.token_file


AwsKeys = KeyPair | InstanceKeys | ContainerKeys


@dataclass(frozen=True, slots=True)
class AssumedRole:
    """A role of AWS, and where STS is asked for it. `life` is in seconds; `endpoint` empty is AWS's own, `region` empty
    that of the origin."""

    arn: str
    session_name: str
    region: str
    life: int = 3600
    endpoint: str = ""

    @property
    def asked(self) -> str:
        return server_of(self.endpoint) if self.endpoint else f"sts {self.region}"


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleByKeyPair(Credential):
    """STS AssumeRole with other keys."""

    kind: ClassVar[str] = "aws-role"

    keys: AwsKeys
    role: AssumedRole
    external_id: str = ""

    @property
    def plain(self) -> RoleByKeyPair:
        return dataclasses.replace(self, renewal=Renewal(), keys=dataclasses.replace(self.keys, renewal=Renewal()))

    @property
    def asked(self) -> str:
        return self.role.asked


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleByGatewayToken(Credential):
    """STS AssumeRoleWithWebIdentity with a token that the gateway signs: no stored key at all."""

    kind: ClassVar[str] = "aws-federated"
    needs_issuer: ClassVar[bool] = True
    taken_algorithms: ClassVar[tuple[str, ...]] = ("ES256", "RS256")

    role: AssumedRole
    audience: str = "sts.amazonaws.com"

    @property
    def asked(self) -> str:
        return self.role.asked


def in_region(credential: Credential, region: str) -> Credential:
    """Return the credential with this region for STS, if it needs one and names none (one of several, if they are)."""
    match credential:
        case RoleByKeyPair() | RoleByGatewayToken() if not credential.role.region:
            role = dataclasses.replace(credential.role, region=region.partition(",")[0])
            return dataclasses.replace(credential, role=role)
        case _:
            return credential
