"""What is printed can be applied: it parses, no name stands twice, and each origin's subject alone is let in."""

from __future__ import annotations

import json
import re
import shlex
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import hcl2
import pytest

from wicketgate.errors import WicketError
from wicketgate.federate import aws, azure, gcp
from wicketgate.federate.trust import Gateway, Setup, name_of

US = Gateway("https://gateway.example.com/__zuplo/issuer", "a1b2")
SUBJECT, OTHER = "wicket:a1b2:orders.example.com", "wicket:a1b2:bills.example.com"
POOL = "projects/123456/locations/global/workloadIdentityPools/gateways/providers/wicketgate"
GOOGLE = gcp.Grant(POOL, "orders@shop.iam.gserviceaccount.com", SUBJECT, "for-orders")
ROLE = "arn:aws:iam::123456789012:role/teams/orders"
AMAZON = aws.Grant(ROLE, SUBJECT, "for-orders")
ENTRA = azure.Grant("11111111-2222-3333-4444-555555555555", SUBJECT, "for-orders")


def _blocks(terraform: str) -> list[tuple[str, str, dict[str, Any]]]:
    """Return type, name and content of each resource and data source."""
    found = hcl2.loads(terraform)
    return [
        (_plain(kind), _plain(name), _plain(content))
        for block in [*found.get("resource", []), *found.get("data", [])]
        for kind, named in block.items()
        for name, content in named.items()
        if not kind.startswith("__")
    ]


def _all(terraform: str, kind: str) -> list[dict[str, Any]]:
    return [content for found, _, content in _blocks(terraform) if found == kind]


def _one(terraform: str, kind: str) -> dict[str, Any]:
    (found,) = _all(terraform, kind)
    return found


def _plain(value: Any) -> Any:
    """Take the quotes and markers away that the parser keeps."""
    if isinstance(value, dict):
        return {_plain(key): _plain(item) for key, item in value.items() if not key.startswith("__")}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return json.loads(value) if isinstance(value, str) and value.startswith('"') else value


def _words(commands: str) -> list[list[str]]:
    lines = commands.replace("\\\n", " ").splitlines()
    return [shlex.split(line) for line in lines if not line.startswith("#")]


def _google(*grants: gcp.Grant, chosen: tuple[gcp.Grant, ...] = ()) -> Setup:
    return gcp.setup(US, grants, chosen=chosen or grants)


def _amazon(*grants: aws.Grant, chosen: tuple[aws.Grant, ...] = ()) -> Setup:
    return aws.setup(US, grants, chosen=chosen or grants)


def test_google_trusts_the_installation_and_binds_one_subject() -> None:
    setup = _google(GOOGLE)
    provider = _one(setup.terraform, "google_iam_workload_identity_pool_provider")
    assert provider["attribute_condition"] == "assertion.installation == 'a1b2'"
    (oidc,) = provider["oidc"]
    assert (oidc["issuer_uri"], oidc["allowed_audiences"]) == (US.issuer, [GOOGLE.audience])
    member = _one(setup.terraform, "google_service_account_iam_member")["member"]
    assert member == (
        "principal://iam.googleapis.com/projects/123456/locations/global/workloadIdentityPools/gateways"
        "/subject/wicket:a1b2:orders.example.com"
    )
    _, pool, create, bind = _words(setup.commands)
    assert pool[:5] == ["gcloud", "iam", "workload-identity-pools", "create", "gateways"]
    assert f"--attribute-condition={provider['attribute_condition']}" in create
    assert f"--issuer-uri={US.issuer}" in create
    assert bind[4] == GOOGLE.service_account
    assert f"--member={member}" in bind


def test_gcloud_gets_the_id_of_a_project_and_never_its_number() -> None:
    """It answers: The value of `--project` flag was set to Project number. To use this command, set it to PROJECT ID
    instead."""
    foreign = replace(GOOGLE, service_account="123-compute@developer.gserviceaccount.com", subject=OTHER)
    commands = _google(GOOGLE, foreign).commands
    asked, *others = _words(commands)
    assert asked[0] == "PROJECT=$(gcloud"
    assert asked[1:4] == ["projects", "describe", "123456"]
    flags = [[word for word in words if word.startswith("--project=")] for words in others]
    assert flags == [["--project=$PROJECT"]] * 3 + [["--project=shop"]]
    assert '--project="$PROJECT"' in commands
    assert _one(_google(GOOGLE).terraform, "google_iam_workload_identity_pool")["project"].startswith("${var.")


def test_aws_lets_one_subject_assume_the_role() -> None:
    setup = _amazon(AMAZON)
    provider = _one(setup.terraform, "aws_iam_openid_connect_provider")
    assert provider == {"url": US.issuer, "client_id_list": [AMAZON.audience]}
    statement = _one(setup.terraform, "aws_iam_policy_document")["statement"][0]
    conditions = {each["variable"]: each["values"] for each in statement["condition"]}
    host = "gateway.example.com/__zuplo/issuer"
    assert conditions == {f"{host}:aud": [AMAZON.audience], f"{host}:sub": [SUBJECT]}
    _, role = _words(setup.commands)
    (allowed,) = json.loads(role[-1])["Statement"]
    assert allowed["Principal"] == {"Federated": f"arn:aws:iam::123456789012:oidc-provider/{host}"}
    assert allowed["Condition"] == {"StringEquals": {f"{host}:aud": [AMAZON.audience], f"{host}:sub": [SUBJECT]}}


@pytest.mark.parametrize(
    ("arn", "path", "name"), [(ROLE, "/teams/", "orders"), ("arn:aws:iam::123456789012:role/orders", "/", "orders")]
)
@pytest.mark.parametrize(("life", "longest"), [(900, 3600), (3600, 3600), (43_200, 43_200)])
def test_aws_makes_the_role_that_the_policy_names(arn: str, path: str, name: str, life: int, longest: int) -> None:
    setup = _amazon(replace(AMAZON, role_arn=arn, life=life))
    role = _one(setup.terraform, "aws_iam_role")
    assert (role["path"], role["name"], role["max_session_duration"]) == (path, name, longest)
    create = _words(setup.commands)[1]
    assert create[create.index("--path") + 1] == path
    assert create[create.index("--max-session-duration") + 1] == str(longest)


def test_a_role_of_two_origins_trusts_both() -> None:
    longer = replace(AMAZON, subject=OTHER, life=7200)
    role = _one(_amazon(AMAZON, longer, chosen=(AMAZON,)).terraform, "aws_iam_role")
    assert role["max_session_duration"] == 7200
    policy = json.loads(_words(_amazon(AMAZON, longer, chosen=(AMAZON,)).commands)[1][-1])
    (condition,) = policy["Statement"][0]["Condition"].values()
    assert condition["gateway.example.com/__zuplo/issuer:sub"] == [OTHER, SUBJECT]


def test_entra_trusts_one_subject() -> None:
    setup = azure.setup(US, [ENTRA])
    credential = _one(setup.terraform, "azuread_application_federated_identity_credential")
    assert (credential["issuer"], credential["subject"]) == (US.issuer, SUBJECT)
    assert credential["audiences"] == [ENTRA.audience]
    (create,) = _words(setup.commands)
    told = json.loads(create[-1])
    assert told == {
        "name": credential["display_name"],
        "issuer": US.issuer,
        "subject": SUBJECT,
        "audiences": [ENTRA.audience],
    }
    # https://learn.microsoft.com/graph/api/resources/federatedidentitycredential
    assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{2,119}", told["name"])


MANY: dict[str, Callable[[], Setup]] = {
    "google": lambda: _google(
        GOOGLE,
        replace(GOOGLE, audience="for-bills"),
        replace(GOOGLE, subject=OTHER),
        replace(GOOGLE, service_account="bills@shop.iam.gserviceaccount.com"),
        replace(GOOGLE, provider=POOL.replace("providers/wicketgate", "providers/other")),
        replace(GOOGLE, provider=POOL.replace("/gateways", "/others")),
    ),
    "aws": lambda: _amazon(
        AMAZON,
        replace(AMAZON, audience="for-bills"),
        replace(AMAZON, subject=OTHER),
        replace(AMAZON, role_arn=ROLE.replace("/teams", "")),
        replace(AMAZON, role_arn=ROLE.replace("123456789012", "210987654321")),
    ),
    "azure": lambda: azure.setup(
        US,
        [ENTRA, ENTRA, replace(ENTRA, subject=OTHER), replace(ENTRA, client_id="6666"), replace(ENTRA, audience="x")],
    ),
}


@pytest.mark.parametrize("cloud", MANY)
def test_nothing_is_made_twice(cloud: str) -> None:
    """Two policies towards one origin, two origins in one account, pool or application."""
    setup = MANY[cloud]()
    names = Counter((kind, name) for kind, name, _ in _blocks(setup.terraform))
    assert [name for name, count in names.items() if count > 1] == []
    lines = Counter(line for line in setup.commands.replace("\\\n", " ").splitlines() if " create" in line)
    assert [line for line, count in lines.items() if count > 1] == []
    assert MANY[cloud]().terraform == setup.terraform


def test_what_is_shared_is_the_same_whichever_origin_is_asked_for() -> None:
    """One identity provider for each URL in AWS, one provider of a pool in Google: the second origin must not undo what
    the first one needs."""
    billing = replace(AMAZON, role_arn=ROLE.replace("orders", "bills"), subject=OTHER, audience="for-bills")
    for chosen in (AMAZON, billing):
        setup = _amazon(AMAZON, billing, chosen=(chosen,))
        assert _one(setup.terraform, "aws_iam_openid_connect_provider")["client_id_list"] == ["for-bills", "for-orders"]
        assert _words(setup.commands)[0][-2:] == ["for-bills", "for-orders"]
    bills = replace(GOOGLE, subject=OTHER, audience="for-bills")
    for one in (GOOGLE, bills):
        setup = _google(GOOGLE, bills, chosen=(one,))
        (oidc,) = _one(setup.terraform, "google_iam_workload_identity_pool_provider")["oidc"]
        assert oidc["allowed_audiences"] == ["for-bills", "for-orders"]
        assert len(_all(setup.terraform, "google_service_account_iam_member")) == 1


def test_names_are_those_of_terraform_and_nobody_elses() -> None:
    names = [name_of(text) for text in ("a-b", "a.b", "a/b", "", "1", "ä", "x" * 500)]
    assert len(set(names)) == len(names)
    assert [name for name in names if not re.fullmatch(r"[a-z][a-z0-9_]{1,63}", name)] == []


EVIL = Gateway("https://g/${x}", "a'b\"$(touch x) %{if}")
EVIL_SUBJECT, EVIL_AUDIENCE = "wicket:$(touch x) %{if}", "`id`"


def _evil_google() -> Setup:
    grants = [gcp.Grant(POOL, "a b;id", EVIL_SUBJECT, EVIL_AUDIENCE)]
    return gcp.setup(EVIL, grants, chosen=grants)


def _evil_amazon() -> Setup:
    grants = [aws.Grant(ROLE, EVIL_SUBJECT, EVIL_AUDIENCE)]
    return aws.setup(EVIL, grants, chosen=grants)


def _evil_entra() -> Setup:
    return azure.setup(EVIL, [azure.Grant("c; id", EVIL_SUBJECT, EVIL_AUDIENCE)])


@pytest.mark.parametrize("setup", [_evil_google, _evil_amazon, _evil_entra])
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
        _google(replace(GOOGLE, provider=text))


@pytest.mark.parametrize("text", ["", "orders", "arn:aws:iam::123456789012:user/x", ROLE.replace("123456789012", "1")])
def test_what_is_no_role_is_said(text: str) -> None:
    with pytest.raises(WicketError, match="no ARN of a role"):
        _amazon(replace(AMAZON, role_arn=text))


@pytest.mark.parametrize(
    ("issuer", "doubted"),
    [("https://g.example.com/i", False), ("https://g.example.com:8443/i", True), ("https://[::1]/i", False)],
)
def test_aws_does_not_like_ports(issuer: str, doubted: bool) -> None:
    assert ("port" in aws.doubt(replace(US, issuer=issuer))) is doubted
