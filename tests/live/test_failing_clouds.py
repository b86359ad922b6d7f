"""Google and Entra fail behind a live gateway: nothing is forwarded, `/readyz` says why, and it ends by itself."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.live.conftest import Running, running, until
from tests.providers.entra_server import CLIENT, SECRET, TENANT, Entra, entra
from tests.providers.google_server import Google, answer, google
from tests.support.origin import RecordingOrigin
from tests.support.project import handler, operation, policy, write_project

GOOGLE = "upstream-gcp-service-auth-inbound", "UpstreamGcpServiceAuthInboundPolicy"
ENTRA = "upstream-azure-ad-service-auth-inbound", "UpstreamAzureAdServiceAuthInboundPolicy"
BUSY = answer(503, {"error": "temporarily_unavailable", "error_description": "back in a minute"})


@dataclass
class Clouds:
    google: Google
    entra: Entra
    api: RecordingOrigin
    folder: Path

    def set_secret(self, secret: str) -> None:
        (self.folder / ".env").write_text(f"ACCOUNT='{self.google.account()}'\nSECRET={secret}\n")

    def write(self) -> Path:
        account = {"serviceAccountJson": "$env(ACCOUNT)", "tokenEndpoint": f"{self.google.url}/token"}
        application = {"activeDirectoryTenantId": TENANT, "activeDirectoryClientId": CLIENT}
        secret = {"activeDirectoryClientSecret": "$env(SECRET)", "authorityHost": self.entra.url}
        policies = [
            policy("google", *GOOGLE, **{**account, "audience": "https://orders.example.com"}),
            policy("entra", *ENTRA, **{**application, **secret, "scope": "api://orders/.default"}),
        ]
        route = handler("urlForwardHandler", baseUrl=self.api.url)
        paths = {f"/{each['name']}": {"get": operation(route, inbound=[each["name"]])} for each in policies}
        return write_project(self.folder, paths, policies=policies, toml='[log]\naccess = "off"\n')


@pytest.fixture
def clouds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Clouds]:
    with google() as theirs, entra(tmp_path / "entra") as login, RecordingOrigin() as api:
        monkeypatch.setenv("SSL_CERT_FILE", str(login.roots))
        found = Clouds(theirs, login, api, tmp_path / "project")
        found.write()
        found.set_secret(SECRET)
        yield found


def _problem(gateway: Running) -> str:
    status, body = gateway.get("/readyz", private=True)
    assert status == 503
    return str(json.loads(body)["problems"]["credentials"])


def _refused(gateway: Running, clouds: Clouds, name: str) -> None:
    status, body = gateway.get(f"/{name}")
    assert (status, json.loads(body)["code"]) == (503, "credential-missing")
    assert clouds.api.seen == []


def _recovered(gateway: Running, clouds: Clouds, name: str) -> None:
    until(lambda: gateway.get(f"/{name}")[0] == 200, seconds=10)
    assert clouds.api.last.one("authorization").startswith("Bearer ")
    until(lambda: gateway.get("/readyz", private=True)[0] == 200, seconds=10)


@pytest.mark.parametrize("name", ["google", "entra"])
@pytest.mark.parametrize(
    ("trouble", "words"),
    [
        (lambda: BUSY, "temporarily_unavailable: back in a minute"),
        (lambda: b"220 mail ready\r\n\r\n", "cannot reach"),
        (lambda: answer(200, b"<html>log in to the network</html>"), "not a JSON object"),
        (lambda: answer(200, {"token_type": "Bearer", "expires_in": 3600}), "answer has no token|no `access_token`"),
    ],
    ids=["busy", "no HTTP", "a portal", "no token"],
)
def test_a_cloud_that_fails_and_comes_back(clouds: Clouds, name: str, trouble: Callable[[], bytes], words: str) -> None:
    cloud: Google | Entra = clouds.google if name == "google" else clouds.entra
    cloud.trouble = trouble
    with running(clouds.folder) as gateway:
        assert [each for each in words.split("|") if each in _problem(gateway)]
        _refused(gateway, clouds, name)
        cloud.trouble = None
        _recovered(gateway, clouds, name)


def test_a_key_that_google_revoked(clouds: Clouds) -> None:
    clouds.google.key_revoked = True
    with running(clouds.folder) as gateway:
        assert "invalid_grant: Invalid JWT Signature." in _problem(gateway)
        _refused(gateway, clouds, "google")
        clouds.google.key_revoked = False
        _recovered(gateway, clouds, "google")


def test_a_secret_that_entra_does_not_know_until_it_is_set_right(clouds: Clouds) -> None:
    clouds.set_secret("of-yesterday")
    with running(clouds.folder) as gateway:
        assert "AADSTS7000215: Invalid client secret provided." in _problem(gateway)
        assert "of-yesterday" not in _problem(gateway) + gateway.err.read_text()
        _refused(gateway, clouds, "entra")
        clouds.set_secret(SECRET)
        _recovered(gateway, clouds, "entra")
