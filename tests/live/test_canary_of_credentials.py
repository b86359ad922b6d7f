"""What credentials are made of and what they are is nowhere but where it belongs, whatever the log is asked to say."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs

import httpx
import pytest
from moto.server import ThreadedMotoServer

from tests.live.conftest import Running, running, until
from tests.live.test_canary import CANARY, processes, told
from tests.live.token_provider import Provider, provider
from tests.providers.entra_server import CLIENT, SECRET, TENANT, Entra, entra
from tests.providers.google_server import Google, answer, google
from tests.support.origin import RecordingOrigin, Seen
from tests.support.project import handler, operation, policy, write_project
from wicketgate.secret_value import SecretValue
from wicketgate.spec.variables import Secrecy
from wicketgate.store import open_store
from wicketgate.supervise.unix_http import unix_request

ROLE = "arn:aws:iam::123456789012:role/wicketgate"
CUT = "canary-of-an-answer-that-was-cut-off"
_TOML = '[issuer]\nurl = "https://gateway.example.com"\nalgorithm = "RS256"\n[envoy]\nconcurrency = 1\n'


@dataclass
class Cloud:
    """Everybody who is asked for credentials."""

    identity: Provider
    google: Google
    entra: Entra
    sts: RecordingOrigin


@contextmanager
def clouds(folder: Path) -> Iterator[Cloud]:
    with provider() as identity, google() as theirs, entra(folder) as login, _sts() as sts:
        yield Cloud(identity, theirs, login, sts)


@contextmanager
def _sts() -> Iterator[RecordingOrigin]:
    """moto, where one can see what it is asked."""
    moto = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    moto.start()
    url = "http://{}:{}".format(*moto.get_host_and_port())

    def reply(seen: Seen) -> bytes:
        headers = [(name, value) for name, value in seen.headers if name.lower() != "host"]
        found = httpx.post(f"{url}{seen.target}", content=seen.body, headers=headers, trust_env=False)
        return answer(found.status_code, found.content)

    try:
        with RecordingOrigin(reply=reply) as server:
            yield server
    finally:
        moto.stop()


def _write(folder: Path, api: RecordingOrigin, cloud: Cloud, *, level: str) -> None:
    aws = {"region": "eu-west-1", "service": "execute-api", "roleArn": ROLE, "stsEndpoint": cloud.sts.url}
    application = {
        "activeDirectoryTenantId": TENANT,
        "activeDirectoryClientId": CLIENT,
        "scope": "api://orders/.default",
    }
    known = {
        "oauth": (
            "upstream-oauth-client-credentials-inbound",
            "UpstreamOAuthClientCredentialsInboundPolicy",
            {"tokenUrl": cloud.identity.url, "clientId": "us", "clientSecret": "$env(CLIENT)", "audience": "oauth"},
        ),
        "ours": ("upstream-zuplo-jwt-auth-inbound", "UpstreamZuploJwtAuthInboundPolicy", {"audience": "orders"}),
        "google": (
            "upstream-gcp-service-auth-inbound",
            "UpstreamGcpServiceAuthInboundPolicy",
            {"serviceAccountJson": "$env(ACCOUNT)", "audience": "orders", "tokenEndpoint": f"{cloud.google.url}/token"},
        ),
        "entra": (
            "upstream-azure-ad-service-auth-inbound",
            "UpstreamAzureAdServiceAuthInboundPolicy",
            {**application, "activeDirectoryClientSecret": "$env(ENTRA)", "authorityHost": cloud.entra.url},
        ),
        "signed": ("sign-request-inbound", "SignRequestInboundPolicy", {"keyId": "us", "secret": "$env(SIGNING)"}),
        "role": (
            "upstream-aws-service-auth-inbound",
            "UpstreamAwsServiceAuthInboundPolicy",
            {**aws, "accessKeyId": "AKIDEXAMPLE", "secretAccessKey": "$env(SIGNING)"},
        ),
        "federated": ("upstream-aws-federated-auth-inbound", "UpstreamAwsFederatedAuthInboundPolicy", aws),
    }
    policies = [policy(name, kind, export, **options) for name, (kind, export, options) in known.items()]
    route = handler("urlForwardHandler", baseUrl=api.url)
    paths = {f"/{name}": {"get": operation(route, inbound=[name])} for name in known}
    write_project(folder, paths, policies=policies, toml=f'{_TOML}[log]\nlevel = "{level}"\n')
    store = open_store(folder / ".wicket")
    signing, client = f"{CANARY}-signing", f"{CANARY}-client"
    secrets = {"CLIENT": client, "SIGNING": signing, "ACCOUNT": cloud.google.account(), "ENTRA": SECRET}
    for name, value in secrets.items():
        store.set(name, SecretValue(value), Secrecy.SECRET, ["production"])


@pytest.fixture
def cloud(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    with clouds(tmp_path / "entra") as found:
        monkeypatch.setenv("SSL_CERT_FILE", str(found.entra.roots))
        yield found


def test_zero_hits_of_credentials(tmp_path: Path, cloud: Cloud) -> None:
    folder = tmp_path / "project"
    with RecordingOrigin() as api:
        _write(folder, api, cloud, level="debug")
        with running(folder) as gateway:
            until(lambda: gateway.status()["ready"], seconds=20)
            tokens = [_sent(gateway, api, path) for path in ("/oauth", "/ours", "/google", "/entra")]
            for path in ("/signed", "/role", "/federated"):
                _sent(gateway, api, path)
            keys = _keys_in_memory(folder)
            shown = [*told(gateway, "wicketgate.proof.authorization"), *processes(gateway)]
            control = folder / ".wicket/run/control.sock"
            shown += [unix_request(control, "GET", path).body.decode() for path in ("/credentials", "/status")]
            cloud.identity.down = 500
            shown.append(json.dumps(gateway.reload()))
            shown += _written(gateway)
    asserted = [parse_qs(seen.body.decode()).get("WebIdentityToken", []) for seen in cloud.sts.seen]
    account = json.loads(cloud.google.account())["private_key"].splitlines()[1]
    given = f"{CANARY}-client", f"{CANARY}-signing", SECRET, account
    wanted = [
        *(token.removeprefix("Bearer ") for token in tokens),
        *keys,
        *(each for found in asserted for each in found),
        *given,
    ]
    assert len(wanted) == 4 + 5 + 1 + 4
    assert all(len(each) > 16 for each in wanted)
    assert [index for index, text in enumerate(shown) if any(each in text for each in wanted)] == []


@pytest.mark.parametrize("level", ["debug", "error"])
def test_zero_hits_of_answers_that_were_cut_off(tmp_path: Path, cloud: Cloud, level: str) -> None:
    """A library that cannot read an answer is tempted to show it: msal does, as an error."""
    folder = tmp_path / "project"
    cut = answer(200, b'{"token_type":"Bearer","expires_in":3599,"access_token":"%s' % CUT.encode())
    cloud.entra.trouble = cloud.google.trouble = lambda: cut
    cloud.identity.server.reply = cloud.sts.reply = lambda _: cut
    with RecordingOrigin() as api:
        _write(folder, api, cloud, level=level)
        with running(folder) as gateway:
            found = until(lambda: _all_failed(folder), seconds=20)
            shown = [json.dumps(found), gateway.get("/readyz", private=True)[1], *_written(gateway)]
    assert len(found) == 5
    assert api.seen == []
    assert [index for index, text in enumerate(shown) if CUT in text] == []


def test_zero_hits_on_the_terminal(tmp_path: Path, cloud: Cloud) -> None:
    """What no log was set up for goes to the standard error of a command."""
    cloud.entra.trouble = lambda: answer(200, b'{"access_token":"%s' % CUT.encode())
    application = {
        "activeDirectoryTenantId": TENANT,
        "activeDirectoryClientId": CLIENT,
        "authorityHost": cloud.entra.url,
    }
    name = "upstream-azure-federated-auth-inbound", "UpstreamAzureFederatedAuthInboundPolicy"
    route = operation(handler("urlForwardHandler", baseUrl="https://orders.example.com"), inbound=["azure"])
    policies = [policy("azure", *name, **application)]
    write_project(tmp_path / "shop", {"/a": {"get": route}}, policies=policies, toml=_TOML)
    line = ["federate", "azure", "orders.example.com", "--dry-run", "--project", str(tmp_path / "shop")]
    done = subprocess.run(
        [sys.executable, "-m", "wicketgate.cli", *line], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 1
    assert "not a JSON object" in done.stdout + done.stderr
    assert CUT not in done.stdout + done.stderr


def _sent(gateway: Running, api: RecordingOrigin, path: str) -> str:
    assert gateway.get(path)[0] == 200, path
    return api.last.one("authorization")


def _keys_in_memory(folder: Path) -> list[str]:
    """Return what Envoy signs with: a pair's secret, and secret and session of two roles."""
    files = (folder / ".wicket/run/keys").resolve().glob("*/credentials")
    found = re.findall(r"aws_(?:secret_access_key|session_token)=(.+)", "\n".join(file.read_text() for file in files))
    assert found
    return found


def _all_failed(folder: Path) -> list[dict[str, object]]:
    reply = unix_request(folder / ".wicket/run/control.sock", "GET", "/credentials")
    found = [each for each in json.loads(reply.body)["credentials"] if each["kind"] not in ("gateway", "aws")]
    return found if all(each["failures"] for each in found) else []


def _written(gateway: Running) -> list[str]:
    files = (file for file in gateway.project.rglob("*") if file.is_file())
    return [file.read_bytes().decode(errors="replace") for file in files]
