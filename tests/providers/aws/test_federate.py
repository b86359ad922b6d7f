"""What `wicket federate aws` prints, applied at moto: the role that the policy names is there and can be assumed."""

from __future__ import annotations

import asyncio
import json
import shlex
import time
from typing import Any

import pytest
from botocore import xform_name

from tests.providers.aws.account import Account
from tests.providers.surroundings import Issuer, surroundings
from wicketgate.broker.registry import open_source
from wicketgate.broker.source import Obtained
from wicketgate.federate import aws
from wicketgate.federate.trust import Gateway
from wicketgate.ir.credentials.aws import AssumedRole, RoleByGatewayToken
from wicketgate.ir.credentials.base import CredentialUse

GATEWAY = Gateway("https://gateway.example.com/__zuplo/issuer", "berlin")
PLAIN = "arn:aws:iam::123456789012:role/bills"
DEEP = "arn:aws:iam::123456789012:role/teams/gateway/orders"
GRANTS = [
    aws.Grant(DEEP, "wicket:berlin:orders.example.com", "sts.amazonaws.com", 43_200),
    aws.Grant(PLAIN, "wicket:berlin:bills.example.com", "for-bills", 900),
]


def _run(account: Account, words: list[str]) -> None:
    """Do what the AWS command line would, by the same model of the API."""
    client = account.client(words[1])
    operation = {xform_name(name, "-"): name for name in client.meta.service_model.operation_names}[words[2]]
    members = client.meta.service_model.operation_model(operation).input_shape.members
    named = {f"--{xform_name(name, '-')}": name for name in members}
    given: dict[str, Any] = {}
    for word in words[3:]:
        if word in named:
            given[(option := named[word])] = []
        else:
            given[option].append(word)
    getattr(client, xform_name(operation))(**{name: _typed(members[name], texts) for name, texts in given.items()})


def _typed(shape: Any, texts: list[str]) -> Any:
    if shape.type_name == "list":
        return texts
    (text,) = texts
    return int(text) if shape.type_name == "integer" else text


def _assume(account: Account, arn: str, life: int) -> Obtained:
    role = AssumedRole(arn=arn, session_name="wicketgate", region="eu-west-1", life=life, endpoint=account.url)
    use = CredentialUse(RoleByGatewayToken(role=role), "orders.example.com")

    async def ask() -> Obtained:
        return await open_source(use, surroundings=surroundings(issuer=Issuer()))()

    return asyncio.run(ask())


def test_the_printed_commands_make_the_roles_that_are_assumed(account: Account) -> None:
    commands = aws.setup(GATEWAY, GRANTS, chosen=GRANTS).commands.replace("\\\n", " ")
    for line in commands.splitlines():
        if not line.startswith("#"):
            _run(account, shlex.split(line))
    iam = account.client("iam")
    roles = {role["Arn"]: role for role in iam.list_roles()["Roles"]}
    assert {DEEP, PLAIN} <= set(roles)
    assert iam.get_role(RoleName="orders")["Role"]["MaxSessionDuration"] == 43_200
    assert iam.get_role(RoleName="bills")["Role"]["MaxSessionDuration"] == 3600
    (provider,) = (each["Arn"] for each in iam.list_open_id_connect_providers()["OpenIDConnectProviderList"])
    shown = iam.get_open_id_connect_provider(OpenIDConnectProviderArn=provider)
    assert (f"https://{shown['Url'].removeprefix('https://')}", sorted(shown["ClientIDList"])) == (
        GATEWAY.issuer,
        ["for-bills", "sts.amazonaws.com"],
    )
    (statement,) = roles[DEEP]["AssumeRolePolicyDocument"]["Statement"]
    assert statement["Principal"] == {"Federated": provider}
    found = _assume(account, DEEP, 43_200)
    assert found.expires_at == pytest.approx(time.time() + 43_200, abs=10)
    token = json.loads(found.value.reveal())
    who = Account(account.url, {"ID": token["AccessKeyId"], "KEY": token["SecretAccessKey"]}).client("sts")
    assert who.get_caller_identity()["Arn"].endswith("assumed-role/orders/wicketgate")
