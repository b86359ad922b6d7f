"""`wicket federate`: what is printed fits what the gateway sends, and a refusal is explained."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from moto.server import ThreadedMotoServer
from typer.testing import Result

from tests.cli.conftest import Wicket
from tests.providers.entra_server import CLIENT, SCOPE, TENANT, Entra, entra
from tests.providers.google_server import EMAIL, PROVIDER, SUBJECT, Google, google
from tests.providers.surroundings import Issuer
from tests.support.origin import RecordingOrigin
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


def _written(project: Path, *, changed: dict[str, Any], policy_type: str, export: str) -> Path:
    """A project with one policy."""
    policies = [policy("one", policy_type, export, **changed)]
    route = operation(handler("urlForwardHandler", baseUrl="https://orders.example.com"), inbound=["one"])
    toml = (project / "wicket.toml").read_text()
    return write_project(project, {"/one": {"get": route}}, policies=policies, toml=toml)


def _aws(project: Path, sts: str, **changed: Any) -> Path:
    kind = {"policy_type": "upstream-aws-federated-auth-inbound", "export": "UpstreamAwsFederatedAuthInboundPolicy"}
    return _written(project, changed={**AWS, "stsEndpoint": sts, **changed}, **kind)


def _azure(project: Path, authority: str, **changed: Any) -> Path:
    given = {
        "activeDirectoryTenantId": TENANT,
        "activeDirectoryClientId": CLIENT,
        "scope": SCOPE,
        "authorityHost": authority,
    }
    kind = {"policy_type": "upstream-azure-federated-auth-inbound", "export": "UpstreamAzureFederatedAuthInboundPolicy"}
    return _written(project, changed={**given, **changed}, **kind)


@pytest.fixture(scope="module")
def sts() -> Iterator[str]:
    """moto's STS."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    yield "http://{}:{}".format(*server.get_host_and_port())
    server.stop()


def _refusing(code: str, message: str) -> bytes:
    """As STS words it (https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html)."""
    error = f"<Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>"
    body = f'<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">{error}</ErrorResponse>'
    return f"HTTP/1.1 400 X\r\ncontent-type: text/xml\r\ncontent-length: {len(body)}\r\n\r\n{body}".encode()


def _dry_run(wicket: Wicket, cloud: str, project: Path) -> Result:
    return wicket("federate", cloud, "orders.example.com", "--dry-run", "--project", project)


def test_a_dry_run_assumes_a_role(wicket: Wicket, federated: Path, sts: str) -> None:
    project = _aws(federated, sts, durationSeconds=900)
    result = _dry_run(wicket, "aws", project)
    assert (result.exit_code, result.output) == (0, "aws-federated for orders.example.com: obtained, for 900 s\n")


@pytest.mark.parametrize(
    ("code", "message", "meaning"),
    [
        (
            "ValidationError",
            "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
            "sooner",
        ),
        ("AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity", "does not let our subject in"),
        (
            "InvalidIdentityToken",
            "No OpenIDConnect provider found in your account for https://g",
            "no identity provider",
        ),
    ],
)
def test_a_dry_run_explains_what_sts_says(
    wicket: Wicket, federated: Path, code: str, message: str, meaning: str
) -> None:
    with RecordingOrigin(reply=lambda _: _refusing(code, message)) as refusing:
        result = _dry_run(wicket, "aws", _aws(federated, refusing.url))
    assert result.exit_code == 1
    assert f"refused: {code}: {message}" in result.output
    assert meaning in result.output
    assert "remedy:" in result.output


def _entra(project: Path, wicket: Wicket, server: Entra) -> None:
    (key, *_) = json.loads(wicket("issuer", "export-jwks", "--project", project).output)["keys"]
    public = {name: value for name, value in key.items() if name in ("kty", "n", "e")}
    server.issuer = Issuer(SigningKey(key["kid"], Algorithm.RS256, public, SecretValue("")))


@pytest.fixture
def login(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Entra]:
    with entra(tmp_path / "authority") as server:
        monkeypatch.setenv("SSL_CERT_FILE", str(server.roots))
        yield server


def test_a_dry_run_signs_in(wicket: Wicket, federated: Path, login: Entra) -> None:
    project = _azure(federated, login.url)
    _entra(project, wicket, login)
    result = _dry_run(wicket, "azure", project)
    assert (result.exit_code, result.output.split(":")[0]) == (0, "azure-federated for orders.example.com"), (
        result.output
    )


def test_a_dry_run_explains_what_entra_says(wicket: Wicket, federated: Path, login: Entra) -> None:
    project = _azure(federated, login.url)
    _entra(project, wicket, login)
    login.trusts = "api://another"
    result = _dry_run(wicket, "azure", project)
    assert result.exit_code == 1
    assert "AADSTS700212" in result.output
    assert "meaning: the application trusts our issuer, but for another audience" in result.output


def test_a_dry_run_changes_no_key(wicket: Wicket, federated: Path, sts: str) -> None:
    project = _aws(federated, sts)
    before = json.loads(wicket("issuer", "export-jwks", "--project", project).output)
    (project / "wicket.toml").write_text('[issuer]\nurl = "https://gateway.example.com"\nalgorithm = "ES256"\n')
    assert _dry_run(wicket, "aws", project).exit_code == 0
    assert json.loads(wicket("issuer", "export-jwks", "--project", project).output) == before


def test_an_issuer_with_a_port_is_told_to_aws_with_a_warning(wicket: Wicket, federated: Path) -> None:
    toml = (federated / "wicket.toml").read_text()
    assert "port number" not in wicket("federate", "aws", "--project", federated).stderr
    (federated / "wicket.toml").write_text(toml.replace("example.com", "example.com:8443"))
    result = wicket("federate", "aws", "--project", federated)
    assert (result.exit_code, "port number" in result.stderr) == (0, True)
    assert "port number" not in result.stdout


def test_without_an_origin_every_one_is_printed(wicket: Wicket, federated: Path) -> None:
    policies = json.loads((federated / "config" / "policies.json").read_text())
    second = policy("more", "upstream-aws-federated-auth-inbound", "UpstreamAwsFederatedAuthInboundPolicy", **AWS)
    second["handler"]["options"]["roleArn"] = "arn:aws:iam::123456789012:role/teams/bills"
    forward = [handler("urlForwardHandler", baseUrl=f"https://{name}.example.com") for name in ("orders", "bills")]
    paths = {f"/{each}": {"get": operation(forward[each == "more"], inbound=[each])} for each in ("aws", "more")}
    toml = (federated / "wicket.toml").read_text()
    write_project(federated, paths, policies=[*policies["policies"], second], toml=toml)
    both = wicket("federate", "aws", "--project", federated).output
    assert both.count('resource "aws_iam_openid_connect_provider"') == 1
    assert both.count('resource "aws_iam_role"') == 2
    assert wicket("federate", "aws", "bills.example.com", "--project", federated).output.count('aws_iam_role"') == 1


@pytest.mark.parametrize(("marked", "printed"), [("--plain", True), (None, True), ("--secret", False)])
def test_the_id_of_an_application_is_printed_unless_it_is_a_secret(
    wicket: Wicket, federated: Path, marked: str | None, printed: bool
) -> None:
    project = _azure(federated, "https://login.microsoftonline.com", activeDirectoryClientId="$env(CLIENT)")
    wicket("env", "set", "CLIENT", *([marked] if marked else []), "--project", project, input=CLIENT)
    result = wicket("federate", "azure", "--project", project)
    assert (result.exit_code == 0, CLIENT in result.output) == (printed, printed)
    assert printed or "the variable CLIENT is a secret" in result.output
