"""AWS: an identity provider for the gateway's issuer, and a role that only its subject may assume.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_create_oidc.html
"""

from __future__ import annotations

import json
import re
from shlex import quote

from wicketgate.errors import WicketError
from wicketgate.federate.trust import Setup, Trust, hcl
from wicketgate.json_types import JsonObject

_ROLE = re.compile(r"arn:(?P<partition>aws[a-z-]*):iam::(?P<account>\d{12}):role/(?:.*/)?(?P<name>[\w+=,.@-]{1,64})")


def setup(trust: Trust, *, role_arn: str) -> Setup:
    """Return what lets the gateway assume a role. Raises `WicketError` for what is no ARN of a role."""
    role = _ROLE.fullmatch(role_arn)
    if role is None:
        raise WicketError(f"`{role_arn}` is no ARN of a role", hint="write arn:aws:iam::123456789012:role/NAME")
    return Setup(_terraform(trust, role), _commands(trust, role))


def _provider(trust: Trust) -> str:
    """Return how AWS calls an issuer in ARNs and conditions: its URL without the scheme."""
    return trust.issuer.removeprefix("https://")


def _policy(trust: Trust, provider_arn: str) -> JsonObject:
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": "sts:AssumeRoleWithWebIdentity",
                "Principal": {"Federated": provider_arn},
                "Condition": {
                    "StringEquals": {
                        f"{_provider(trust)}:aud": trust.audience,
                        f"{_provider(trust)}:sub": trust.subject,
                    }
                },
            }
        ],
    }


def _terraform(trust: Trust, role: re.Match[str]) -> str:
    return f"""\
resource "aws_iam_openid_connect_provider" "wicketgate" {{
  url            = {hcl(trust.issuer)}
  client_id_list = [{hcl(trust.audience)}]
}}

data "aws_iam_policy_document" "wicketgate" {{
  statement {{
    actions = ["sts:AssumeRoleWithWebIdentity"]

    principals {{
      type        = "Federated"
      identifiers = [aws_iam_openid_connect_provider.wicketgate.arn]
    }}

    condition {{
      test     = "StringEquals"
      variable = {hcl(f"{_provider(trust)}:aud")}
      values   = [{hcl(trust.audience)}]
    }}

    condition {{
      test     = "StringEquals"
      variable = {hcl(f"{_provider(trust)}:sub")}
      values   = [{hcl(trust.subject)}]
    }}
  }}
}}

resource "aws_iam_role" "wicketgate" {{
  name               = {hcl(role["name"])}
  assume_role_policy = data.aws_iam_policy_document.wicketgate.json
}}
"""


def _commands(trust: Trust, role: re.Match[str]) -> str:
    arn = f"arn:{role['partition']}:iam::{role['account']}:oidc-provider/{_provider(trust)}"
    policy = json.dumps(_policy(trust, arn))
    return f"""\
aws iam create-open-id-connect-provider --url {quote(trust.issuer)} --client-id-list {quote(trust.audience)}
aws iam create-role --role-name {quote(role["name"])} --assume-role-policy-document {quote(policy)}
"""
