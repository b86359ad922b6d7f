"""No provider is asked over plain http, whichever option names it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.project import handler, operation, policy, write_project
from tests.support.variables import GivenVariables
from tests.unit.policies.lowered import ISSUER, Kind
from tests.unit.policies.test_credential_options import (
    AWS,
    AWS_FEDERATED,
    AZURE,
    AZURE_FEDERATED,
    FIREBASE,
    GOOGLE,
    GOOGLE_FEDERATED,
    OAUTH,
    POOL,
    ROLE,
)
from wicketgate.compile import compile_project
from wicketgate.handler.registry import built_in_handlers
from wicketgate.policy.registry import built_in_policies

ACCOUNT = {"serviceAccountJson": "$env(SECRET)"}
APP = {"activeDirectoryTenantId": "t", "activeDirectoryClientId": "c"}
PAIR = {"accessKeyId": "AKID", "secretAccessKey": "$env(SECRET)"}
FEDERATED = {"audience": "o", "serviceAccountEmail": "a@b.iam.gserviceaccount.com", "workloadIdentityProvider": POOL}

ENDPOINTS: list[tuple[Kind, str, dict[str, Any]]] = [
    (OAUTH, "tokenUrl", {"clientId": "us", "clientSecret": "$env(SECRET)"}),
    (AZURE, "authorityHost", {**APP, "activeDirectoryClientSecret": "$env(SECRET)"}),
    (AZURE, "metadataEndpoint", {"managedIdentity": True, "scope": "api://o/.default"}),
    (AZURE_FEDERATED, "authorityHost", APP),
    (GOOGLE, "tokenEndpoint", {**ACCOUNT, "audience": "orders"}),
    (GOOGLE, "metadataEndpoint", {"credentialsFrom": "machine", "audience": "orders"}),
    (GOOGLE_FEDERATED, "stsEndpoint", FEDERATED),
    (GOOGLE_FEDERATED, "iamEndpoint", FEDERATED),
    (FIREBASE, "tokenEndpoint", ACCOUNT),
    (AWS, "stsEndpoint", {**PAIR, "roleArn": ROLE}),
    (AWS, "metadataEndpoint", {"credentialsFrom": "instance"}),
    (AWS_FEDERATED, "stsEndpoint", {"roleArn": ROLE}),
]
PLAIN = [
    "http://keys.example.com",
    "http://10.0.0.5",
    "http://localhost.example.com",
    "http://127.0.0.1.example.com",
    "http://169.254.169.254.example.com",
    "http://[2001:db8::1]",
    "HTTP://keys.example.com",
]


def _codes(folder: Path, route: Any, policies: list[Any]) -> list[str]:
    project = write_project(folder, {"/": {"get": route}}, policies=policies, toml=ISSUER)
    variables = GivenVariables(secret={"SECRET": "s"})
    return [each.code for each in compile_project(project, variables=variables, roots=Path("/roots.pem")).diagnostics]


def _codes_of(folder: Path, kind: Kind, options: dict[str, Any]) -> list[str]:
    forward = handler("urlForwardHandler", baseUrl="https://abc.execute-api.eu-west-1.amazonaws.com")
    return _codes(folder, operation(forward, inbound=["it"]), [policy("it", *kind, **options)])


@pytest.mark.parametrize("url", PLAIN)
@pytest.mark.parametrize(
    ("kind", "option", "options"), ENDPOINTS, ids=[f"{kind[0]}-{name}" for kind, name, _ in ENDPOINTS]
)
def test_no_endpoint_is_plain_http(tmp_path: Path, kind: Kind, option: str, options: dict[str, Any], url: str) -> None:
    assert _codes_of(tmp_path, kind, {**options, option: url}) == ["plaintext-endpoint"]


@pytest.mark.parametrize(
    "url", ["https://keys.example.com", "http://127.0.0.1:9", "http://localhost:9", "http://[::1]:9"]
)
@pytest.mark.parametrize(
    ("kind", "option", "options"), ENDPOINTS, ids=[f"{kind[0]}-{name}" for kind, name, _ in ENDPOINTS]
)
def test_any_endpoint_is_https_or_loopback(
    tmp_path: Path, kind: Kind, option: str, options: dict[str, Any], url: str
) -> None:
    assert _codes_of(tmp_path, kind, {**options, option: url}) == []


@pytest.mark.parametrize("url", PLAIN)
def test_no_lambda_is_called_over_plain_http(tmp_path: Path, url: str) -> None:
    function = handler("awsLambdaHandler", functionName="f", region="eu-west-1", endpoint=url, **PAIR)
    assert "plaintext-endpoint" in _codes(tmp_path, operation(function), [])


def test_no_endpoint_is_left_out_here() -> None:
    listed = {(kind[1], option) for kind, option, _ in ENDPOINTS}
    found = {
        (export, alias)
        for export, each in built_in_policies().items()
        for field in each.options.model_fields.values()
        if (alias := str(field.alias)).endswith(("Endpoint", "Host", "Url"))
    }
    assert found == listed
    of_lambda = built_in_handlers()["awsLambdaHandler"].options.model_fields
    assert [name for name in of_lambda if name.endswith("endpoint")] == ["endpoint"]
