"""AWS: an identity provider for the gateway's issuer, and roles that only its subjects may assume.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_create_oidc.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from shlex import quote
from urllib.parse import urlsplit

from wicketgate.errors import WicketError
from wicketgate.federate.trust import Gateway, Setup, hcl, hcl_list, name_of
from wicketgate.json_types import JsonObject

_ROLE = re.compile(
    r"arn:(?P<partition>aws[a-z-]*):iam::(?P<account>\d{12}):role(?P<path>/(?:.*/)?)(?P<name>[\w+=,.@-]{1,64})"
)
USUAL_SESSION = 3600
"""Seconds that sessions of a role last at most, unless the role says otherwise."""


@dataclass(frozen=True, slots=True)
class Grant:
    """One origin's role: who may assume it, with a token for which audience, and for how many seconds."""

    role_arn: str
    subject: str
    audience: str
    life: int = USUAL_SESSION


@dataclass(frozen=True, slots=True)
class _Role:
    """A role and everybody who may assume it: two origins may have the same one."""

    partition: str
    account: str
    path: str
    name: str
    subjects: tuple[str, ...]
    audiences: tuple[str, ...]
    life: int

    @classmethod
    def of(cls, arn: str, grants: Iterable[Grant]) -> _Role:
        found = _ROLE.fullmatch(arn)
        if found is None:
            raise WicketError(f"`{arn}` is no ARN of a role", hint="write arn:aws:iam::123456789012:role/NAME")
        given = [each for each in grants if each.role_arn == arn]
        return cls(
            **found.groupdict(),
            subjects=_all(each.subject for each in given),
            audiences=_all(each.audience for each in given),
            life=max(each.life for each in given),
        )

    @property
    def label(self) -> str:
        return name_of(self.name, self.account, self.path)


def setup(gateway: Gateway, grants: Sequence[Grant], *, chosen: Sequence[Grant]) -> Setup:
    """Return what lets the gateway assume the roles of `chosen`. `grants` are all that the project has: they share the
    identity provider, of which an account can have one only. Raises `WicketError` for what is no ARN of a role."""
    roles = [_Role.of(arn, grants) for arn in _all(each.role_arn for each in chosen)]
    every = [_Role.of(arn, grants) for arn in _all(each.role_arn for each in grants)]
    terraform, commands = [], []
    for account in _all(role.account for role in roles):
        audiences = _all(audience for role in every if role.account == account for audience in role.audiences)
        here = [role for role in roles if role.account == account]
        terraform += [_provider(gateway, account, audiences), *(_role(gateway, role) for role in here)]
        commands += [_create_provider(gateway, account, audiences), *(_create_role(gateway, role) for role in here)]
    return Setup("\n".join(terraform), "".join(commands))


def doubt(gateway: Gateway) -> str:
    """Return what AWS may not like about the issuer; empty without.

    Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateOpenIDConnectProvider.html
    """
    if urlsplit(gateway.issuer).port is None:
        return ""
    return f"AWS says that the URL of an issuer should not contain a port number, and {gateway.issuer} does"


def _all(texts: Iterable[str]) -> tuple[str, ...]:
    """Return each once, sorted: the same project prints the same text."""
    return tuple(sorted(set(texts)))


def _called(gateway: Gateway) -> str:
    """Return how AWS calls an issuer in ARNs and conditions: its URL without the scheme."""
    return gateway.issuer.removeprefix("https://")


def _policy(gateway: Gateway, role: _Role) -> JsonObject:
    called = _called(gateway)
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": "sts:AssumeRoleWithWebIdentity",
                "Principal": {"Federated": f"arn:{role.partition}:iam::{role.account}:oidc-provider/{called}"},
                "Condition": {
                    "StringEquals": {f"{called}:aud": list(role.audiences), f"{called}:sub": list(role.subjects)}
                },
            }
        ],
    }


def _provider(gateway: Gateway, account: str, audiences: Sequence[str]) -> str:
    return f"""\
# Once in the account {account}, for every origin of this gateway.
resource "aws_iam_openid_connect_provider" "{name_of(account)}" {{
  url            = {hcl(gateway.issuer)}
  client_id_list = {hcl_list(audiences)}
}}
"""


def _role(gateway: Gateway, role: _Role) -> str:
    return f"""\
data "aws_iam_policy_document" "{role.label}" {{
  statement {{
    actions = ["sts:AssumeRoleWithWebIdentity"]

    principals {{
      type        = "Federated"
      identifiers = [aws_iam_openid_connect_provider.{name_of(role.account)}.arn]
    }}

    condition {{
      test     = "StringEquals"
      variable = {hcl(f"{_called(gateway)}:aud")}
      values   = {hcl_list(role.audiences)}
    }}

    condition {{
      test     = "StringEquals"
      variable = {hcl(f"{_called(gateway)}:sub")}
      values   = {hcl_list(role.subjects)}
    }}
  }}
}}

resource "aws_iam_role" "{role.label}" {{
  name                 = {hcl(role.name)}
  path                 = {hcl(role.path)}
  max_session_duration = {max(role.life, USUAL_SESSION)}
  assume_role_policy   = data.aws_iam_policy_document.{role.label}.json
}}
"""


def _create_provider(gateway: Gateway, account: str, audiences: Sequence[str]) -> str:
    return f"""\
# Once in the account {account}, for every origin of this gateway:
aws iam create-open-id-connect-provider --url {quote(gateway.issuer)} --client-id-list {" ".join(map(quote, audiences))}
"""


def _create_role(gateway: Gateway, role: _Role) -> str:
    return f"""\
aws iam create-role --role-name {quote(role.name)} --path {quote(role.path)} \\
  --max-session-duration {max(role.life, USUAL_SESSION)} \\
  --assume-role-policy-document {quote(json.dumps(_policy(gateway, role)))}
"""
