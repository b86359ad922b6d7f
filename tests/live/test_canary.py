"""The secret is nowhere but on the wire to the origin and in Envoy's memory (threat D6)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.live.conftest import ENVOY, Origin, Running, running, until
from tests.live.token_provider import Provider, provider
from tests.providers.google_server import Google, google
from tests.support.origin import RecordingOrigin
from tests.support.project import handler, operation, policy, write_project
from wicketgate.secret_value import SecretValue
from wicketgate.spec.variables import Secrecy
from wicketgate.store import open_store
from wicketgate.supervise.unix_http import unix_request

CANARY = "canary-51b0c9d7e2f84a6e"
_ADMIN = (
    "/config_dump",
    "/config_dump?include_eds",
    "/clusters?format=json",
    "/listeners",
    "/stats",
    "/server_info",
    "/certs",
    "/init_dump",
    "/memory",
    "/runtime",
)


@pytest.mark.parametrize("level", ["debug", "info", "warning", "error"])
def test_zero_hits(project: Path, origin: Origin, level: str) -> None:
    origin.accepted.write_text(f"{CANARY}\n")
    (project / ".env").unlink()
    store = open_store(project / ".wicket")
    store.set("BACKEND_SECRET", SecretValue(CANARY), Secrecy.SECRET, ["production"])
    toml = f'[envoy]\nconcurrency = 1\n[log]\nlevel = "{level}"\naccess = "access.log"\n'
    (project / "wicket.toml").write_text(toml)
    with running(project) as gateway:
        shown = [gateway.get("/hello")[1], gateway.get(f"/nope?q={CANARY[:3]}")[1]]
        assert gateway.get("/hello")[0] == 200
        shown += _told(gateway, "wicketgate.proof.backend-secret")
        shown += [json.dumps(gateway.status()), json.dumps(gateway.reload())]
        shown += _processes(gateway)
    files = [file for file in project.rglob("*") if file.is_file()]
    assert any(file.name == "access.log" and "/hello" in file.read_text() for file in files)
    shown += [file.read_bytes().decode(errors="replace") for file in files]
    assert [index for index, text in enumerate(shown) if CANARY in text] == []


def _told(gateway: Running, proof: str) -> list[str]:
    """Return what the gateway and Envoy say to whoever may ask them."""
    shown = [gateway.get(path, private=True)[1] for path in ("/metrics", "/healthz", "/readyz")]
    admin = gateway.project / ".wicket/run/admin.sock"
    dump = unix_request(admin, "GET", "/config_dump").body.decode()
    assert proof in dump, "the dump does not even show the proof: look elsewhere"
    return [*shown, *(unix_request(admin, "GET", path).body.decode(errors="replace") for path in _ADMIN)]


def _processes(gateway: Running) -> list[str]:
    pids = (gateway.process.pid, gateway.child("wicketgate.control"), gateway.child(ENVOY))
    facts = (Path(f"/proc/{pid}/{file}") for pid in pids for file in ("cmdline", "environ"))
    return [fact.read_bytes().decode(errors="replace") for fact in facts]


def test_zero_hits_of_credentials(tmp_path: Path) -> None:
    """What credentials are made of and what they are: the client's secret, keys that sign, and every token."""
    with RecordingOrigin() as api, provider() as identity, google() as cloud:
        _write(tmp_path, api, identity, cloud)
        store = open_store(tmp_path / ".wicket")
        secrets = {"CLIENT": f"{CANARY}-client", "SIGNING": f"{CANARY}-signing", "ACCOUNT": cloud.account()}
        for name, value in secrets.items():
            store.set(name, SecretValue(value), Secrecy.SECRET, ["production"])
        with running(tmp_path) as gateway:
            until(lambda: gateway.status()["ready"], seconds=15)
            sent = [_proof(gateway, api, path) for path in ("/oauth", "/ours", "/google", "/signed")]
            shown = [*_told(gateway, "wicketgate.proof.authorization"), *_processes(gateway)]
            control = tmp_path / ".wicket/run/control.sock"
            shown += [unix_request(control, "GET", path).body.decode() for path in ("/credentials", "/status")]
            identity.down = 500
            shown.append(json.dumps(gateway.reload()))
            shown += [log.read_text() for log in (gateway.out, gateway.err)]
            files = [file for file in tmp_path.rglob("*") if file.is_file()]
            shown += [file.read_bytes().decode(errors="replace") for file in files]
    tokens = [value.removeprefix("Bearer ") for value in sent[:3]]
    key = json.loads(cloud.account())["private_key"].splitlines()[1]
    wanted = [*tokens, key, *(f"{CANARY}-{name}" for name in ("client", "signing"))]
    assert all(len(each) > 16 for each in wanted)
    assert [index for index, text in enumerate(shown) if any(each in text for each in wanted)] == []


def _proof(gateway: Running, api: RecordingOrigin, path: str) -> str:
    assert gateway.get(path)[0] == 200
    return api.last.one("authorization")


def _write(folder: Path, api: RecordingOrigin, identity: Provider, cloud: Google) -> None:
    oauth = {"tokenUrl": identity.url, "clientId": "us", "clientSecret": "$env(CLIENT)", "audience": "oauth"}
    account = {"serviceAccountJson": "$env(ACCOUNT)", "audience": "orders", "tokenEndpoint": f"{cloud.url}/token"}
    policies = [
        policy(
            "oauth", "upstream-oauth-client-credentials-inbound", "UpstreamOAuthClientCredentialsInboundPolicy", **oauth
        ),
        policy("ours", "upstream-zuplo-jwt-auth-inbound", "UpstreamZuploJwtAuthInboundPolicy", audience="orders"),
        policy("google", "upstream-gcp-service-auth-inbound", "UpstreamGcpServiceAuthInboundPolicy", **account),
        policy("signed", "sign-request-inbound", "SignRequestInboundPolicy", keyId="us", secret="$env(SIGNING)"),
    ]
    route = handler("urlForwardHandler", baseUrl=api.url)
    paths = {f"/{name}": {"get": operation(route, inbound=[name])} for name in ("oauth", "ours", "google", "signed")}
    toml = '[issuer]\nurl = "https://gateway.example.com"\n[envoy]\nconcurrency = 1\n[log]\nlevel = "debug"\n'
    write_project(folder, paths, policies=policies, toml=toml)
