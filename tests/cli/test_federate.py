"""`wicket federate`: what is printed fits what the gateway sends, and a refusal is explained."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import Wicket
from tests.providers.google_server import EMAIL, PROVIDER, SUBJECT, Google, google
from tests.providers.surroundings import Issuer
from tests.support.project import handler, operation, policy, write_project
from wicketgate.issuer.keys import Algorithm, SigningKey
from wicketgate.secret_value import SecretValue

AWS = {"roleArn": "arn:aws:iam::123456789012:role/orders", "region": "eu-west-1", "service": "execute-api"}
AZURE = {"activeDirectoryTenantId": "11111111-aaaa", "activeDirectoryClientId": "33333333-aaaa"}


@pytest.fixture
def cloud() -> Iterator[Google]:
    with google() as found:
        yield found


@pytest.fixture
def federated(tmp_path: Path, cloud: Google) -> Path:
    gcp = {
        "audience": "https://orders.example.com",
        "serviceAccountEmail": EMAIL,
        "workloadIdentityProvider": PROVIDER,
        "stsEndpoint": f"{cloud.url}/v1/token",
        "iamEndpoint": cloud.url,
    }
    policies = [
        policy("gcp", "upstream-gcp-federated-auth-inbound", "UpstreamGcpFederatedAuthInboundPolicy", **gcp),
        policy("aws", "upstream-aws-federated-auth-inbound", "UpstreamAwsFederatedAuthInboundPolicy", **AWS),
        policy("azure", "upstream-azure-federated-auth-inbound", "UpstreamAzureFederatedAuthInboundPolicy", **AZURE),
    ]
    route = handler("urlForwardHandler", baseUrl="https://orders.example.com")
    paths = {f"/{name}": {"get": operation(route, inbound=[name])} for name in ("gcp", "aws", "azure")}
    toml = '[issuer]\nurl = "https://gateway.example.com"\ninstallation = "berlin"\nalgorithm = "RS256"\n'
    return write_project(tmp_path / "shop", paths, policies=policies, toml=toml)


def _trust(wicket: Wicket, project: Path, cloud: Google) -> None:
    """Give the cloud the gateway's keys by hand, as an administrator would."""
    (key, *_) = json.loads(wicket("issuer", "export-jwks", "--project", project).output)["keys"]
    public = {name: value for name, value in key.items() if name in ("kty", "n", "e")}
    cloud.issuer = Issuer(SigningKey(key["kid"], Algorithm.RS256, public, SecretValue("")))


@pytest.mark.parametrize(
    ("which", "words"),
    [
        ("gcp", [f"/subject/{SUBJECT}", "workload-identity-pools providers create-oidc", EMAIL]),
        ("aws", [SUBJECT, "aws_iam_openid_connect_provider", "arn:aws:iam::123456789012:oidc-provider/gateway"]),
        ("azure", [SUBJECT, "azuread_application_federated_identity_credential", "api://AzureADTokenExchange"]),
    ],
)
@pytest.mark.parametrize("origin", ["orders.example.com", "https://orders.example.com"])
def test_what_to_apply_is_printed(wicket: Wicket, federated: Path, which: str, words: list[str], origin: str) -> None:
    result = wicket("federate", which, origin, "--project", federated)
    assert result.exit_code == 0, result.output
    assert [word for word in words if word not in result.output] == []
    assert "https://gateway.example.com/__zuplo/issuer" in result.output


def test_terraform_alone_is_a_file(wicket: Wicket, federated: Path) -> None:
    result = wicket("federate", "aws", "orders.example.com", "--show", "terraform", "--project", federated)
    assert "aws iam" not in result.output


def test_a_dry_run_makes_the_exchange(wicket: Wicket, federated: Path, cloud: Google) -> None:
    _trust(wicket, federated, cloud)
    result = wicket("federate", "gcp", "orders.example.com", "--dry-run", "--project", federated)
    assert (result.exit_code, result.output.split(":")[0]) == (0, "google-federated for orders.example.com"), (
        result.output
    )
    assert len(cloud.server.seen) == 2


def test_a_dry_run_explains_a_refusal(wicket: Wicket, federated: Path, cloud: Google) -> None:
    _trust(wicket, federated, cloud)
    cloud.trusted = False
    result = wicket("federate", "gcp", "orders.example.com", "--dry-run", "--project", federated)
    assert result.exit_code == 1
    assert "rejected by the attribute condition" in result.output
    assert "meaning: the provider's condition does not let our subject in" in result.output
    assert "wicket federate" in result.output


def test_an_origin_without_such_a_policy_is_told(wicket: Wicket, federated: Path) -> None:
    result = wicket("federate", "gcp", "billing.example.com", "--project", federated)
    assert result.exit_code == 1
    assert "upstream-gcp-federated-auth-inbound" in result.output
