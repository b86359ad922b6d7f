"""What is printed can be applied: it parses, and names exactly one gateway, one origin and one audience."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from typing import Any

import hcl2
import pytest

from wicketgate.errors import WicketError
from wicketgate.federate import aws, azure, gcp
from wicketgate.federate.trust import Setup, Trust

TRUST = Trust(
    issuer="https://gateway.example.com/__zuplo/issuer",
    subject="wicket:a1b2:orders.example.com",
    audience="for-orders",
    installation="a1b2",
)
POOL = "projects/123456/locations/global/workloadIdentityPools/gateways/providers/wicketgate"
ACCOUNT = "orders@shop.iam.gserviceaccount.com"
ROLE = "arn:aws:iam::123456789012:role/teams/orders"
CLIENT = "11111111-2222-3333-4444-555555555555"


def _parsed(terraform: str) -> dict[str, Any]:
    """Return resources and data sources by type, one of each."""
    found = hcl2.loads(terraform)
    blocks = [*found.get("resource", []), *found.get("data", [])]
    return {_plain(kind): _plain(next(iter(named.values()))) for block in blocks for kind, named in block.items()}


def _plain(value: Any) -> Any:
    """Take the quotes and markers away that the parser keeps."""
    if isinstance(value, dict):
        return {_plain(key): _plain(item) for key, item in value.items() if not key.startswith("__")}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return json.loads(value) if isinstance(value, str) and value.startswith('"') else value


def _words(commands: str) -> list[list[str]]:
    return [shlex.split(line) for line in commands.replace("\\\n", " ").splitlines()]


def test_google_trusts_one_subject_of_one_installation() -> None:
    setup = gcp.setup(TRUST, provider=POOL, service_account=ACCOUNT)
    found = _parsed(setup.terraform)
    provider = found["google_iam_workload_identity_pool_provider"]
    assert provider["attribute_condition"] == (
        "assertion.installation == 'a1b2' && assertion.sub == 'wicket:a1b2:orders.example.com'"
    )
    (oidc,) = provider["oidc"]
    assert (oidc["issuer_uri"], oidc["allowed_audiences"]) == (TRUST.issuer, [TRUST.audience])
    member = found["google_service_account_iam_member"]["member"]
    assert member == (
        "principal://iam.googleapis.com/projects/123456/locations/global/workloadIdentityPools/gateways"
        "/subject/wicket:a1b2:orders.example.com"
    )
    pool, create, bind = _words(setup.commands)
    assert pool[:5] == ["gcloud", "iam", "workload-identity-pools", "create", "gateways"]
    assert f"--attribute-condition={provider['attribute_condition']}" in create
    assert f"--issuer-uri={TRUST.issuer}" in create
    assert bind[4] == ACCOUNT
    assert f"--member={member}" in bind


def test_aws_lets_one_subject_assume_the_role() -> None:
    setup = aws.setup(TRUST, role_arn=ROLE)
    found = _parsed(setup.terraform)
    assert found["aws_iam_openid_connect_provider"] == {"url": TRUST.issuer, "client_id_list": [TRUST.audience]}
    assert found["aws_iam_role"]["name"] == "orders"
    (statement,) = found["aws_iam_policy_document"]["statement"]
    conditions = {each["variable"]: each["values"] for each in statement["condition"]}
    host = "gateway.example.com/__zuplo/issuer"
    assert conditions == {f"{host}:aud": [TRUST.audience], f"{host}:sub": [TRUST.subject]}
    _, role = _words(setup.commands)
    (allowed,) = json.loads(role[-1])["Statement"]
    assert allowed["Principal"] == {"Federated": f"arn:aws:iam::123456789012:oidc-provider/{host}"}
    assert allowed["Condition"] == {
        "StringEquals": {f"{host}:aud": TRUST.audience, f"{host}:sub": TRUST.subject},
    }


def test_entra_trusts_one_subject() -> None:
    setup = azure.setup(TRUST, client_id=CLIENT)
    credential = _parsed(setup.terraform)["azuread_application_federated_identity_credential"]
    assert (credential["issuer"], credential["subject"]) == (TRUST.issuer, TRUST.subject)
    assert credential["audiences"] == [TRUST.audience]
    (create,) = _words(setup.commands)
    assert json.loads(create[-1]) == {
        "name": "wicketgate",
        "issuer": TRUST.issuer,
        "subject": TRUST.subject,
        "audiences": [TRUST.audience],
    }


HOSTILE = Trust("https://g/${x}", "a'b\"$(touch x) %{if}", "`id`", "i")


@pytest.mark.parametrize(
    "setup",
    [
        lambda: gcp.setup(HOSTILE, provider=POOL, service_account="a b;id"),
        lambda: aws.setup(HOSTILE, role_arn=ROLE),
        lambda: azure.setup(HOSTILE, client_id="c; id"),
    ],
)
def test_nothing_escapes_its_quotes(setup: Callable[[], Setup]) -> None:
    found = setup()
    words = [word for line in _words(found.commands) for word in line]
    assert not {"id", "touch", ";"} & set(words)
    assert any("$(touch x)" in word for word in words)
    assert "${x}" not in found.terraform.replace("$${x}", "")
    assert "%{if}" not in found.terraform.replace("%%{if}", "")
    hcl2.loads(found.terraform)


@pytest.mark.parametrize("text", ["", "projects/1", POOL.replace("global", "eu"), f"{POOL}/x"])
def test_what_is_no_provider_is_said(text: str) -> None:
    with pytest.raises(WicketError, match="no workload identity provider"):
        gcp.setup(TRUST, provider=text, service_account=ACCOUNT)


@pytest.mark.parametrize("text", ["", "orders", "arn:aws:iam::123456789012:user/x", ROLE.replace("123456789012", "1")])
def test_what_is_no_role_is_said(text: str) -> None:
    with pytest.raises(WicketError, match="no ARN of a role"):
        aws.setup(TRUST, role_arn=text)
