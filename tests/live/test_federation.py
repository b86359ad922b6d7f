"""The gateway's own identity at three clouds: no cloud, no request; and the route recovers with its cloud."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from moto.server import ThreadedMotoServer

from tests.live.conftest import running, until
from tests.providers.entra_server import CLIENT, SCOPE, TENANT, entra
from tests.providers.google_server import EMAIL, GOOGLE_KEY, PROVIDER, google
from tests.providers.surroundings import Issuer
from tests.support.origin import RecordingOrigin, Seen
from tests.support.project import handler, operation, policy, write_project
from wicketgate.issuer.keys import Algorithm, SigningKey
from wicketgate.secret_value import SecretValue

DOWN = b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 0\r\ncontent-length: 0\r\n\r\n"


@dataclass
class Cloud:
    """One that is down until `repair` is called. `trust` gives it the gateway's key and subject; `proves` tells whether
    what the origin got is the cloud's."""

    options: dict[str, Any]
    policy_type: str
    export: str
    trust: Callable[[Issuer, str], None]
    repair: Callable[[], None]
    proves: Callable[[Seen], bool]


@contextmanager
def at_google(_: Path) -> Iterator[Cloud]:
    with google() as server:
        server.trouble = lambda: DOWN

        def trust(issuer: Issuer, subject: str) -> None:
            server.issuer, server.subject = issuer, subject

        def proves(seen: Seen) -> bool:
            token = seen.one("authorization").removeprefix("Bearer ")
            claims = jwt.decode(token, GOOGLE_KEY, algorithms=["RS256"], audience="https://orders.example.com")
            return bool(claims["email"] == EMAIL)

        options = {
            "audience": "https://orders.example.com",
            "serviceAccountEmail": EMAIL,
            "workloadIdentityProvider": PROVIDER,
            "stsEndpoint": f"{server.url}/v1/token",
            "iamEndpoint": server.url,
        }
        kind = "upstream-gcp-federated-auth-inbound", "UpstreamGcpFederatedAuthInboundPolicy"
        yield Cloud(options, *kind, trust, lambda: setattr(server, "trouble", None), proves)


@contextmanager
def at_entra(folder: Path) -> Iterator[Cloud]:
    with entra(folder) as server, pytest.MonkeyPatch.context() as patch:
        patch.setenv("SSL_CERT_FILE", str(server.roots))
        server.trouble = lambda: DOWN

        def trust(issuer: Issuer, subject: str) -> None:
            server.issuer, server.subject = issuer, subject

        options = {
            "activeDirectoryTenantId": TENANT,
            "activeDirectoryClientId": CLIENT,
            "scope": SCOPE,
            "authorityHost": server.url,
        }
        kind = "upstream-azure-federated-auth-inbound", "UpstreamAzureFederatedAuthInboundPolicy"
        yield Cloud(
            options,
            *kind,
            trust,
            lambda: setattr(server, "trouble", None),
            lambda seen: seen.one("authorization").removeprefix("Bearer ") in server.issued,
        )


@contextmanager
def at_amazon(_: Path) -> Iterator[Cloud]:
    """moto's STS, behind a door that can be shut; moto looks at no token, so this looks at whom it is from."""
    moto = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    moto.start()
    url = "http://{}:{}".format(*moto.get_host_and_port())
    trusted: list[tuple[Issuer, str]] = []

    def through(seen: Seen) -> bytes:
        form = dict(httpx.QueryParams(seen.body.decode()).items())
        issuer, subject = trusted[0]
        key = jwt.PyJWK(issuer.key.public | {"alg": "RS256"})
        claims = jwt.decode(form["WebIdentityToken"], key, algorithms=["RS256"], audience="sts.amazonaws.com")
        assert claims["sub"] == subject
        kind = {"content-type": seen.one("content-type")}
        found = httpx.post(f"{url}{seen.target}", content=seen.body, headers=kind, trust_env=False)
        head = f"HTTP/1.1 {found.status_code} X\r\ncontent-type: text/xml\r\ncontent-length: {len(found.content)}"
        return f"{head}\r\n\r\n".encode() + found.content

    with RecordingOrigin(reply=lambda _: DOWN) as door:
        options = {
            "roleArn": "arn:aws:iam::123456789012:role/teams/orders",
            "region": "eu-west-1",
            "service": "execute-api",
            "stsEndpoint": door.url,
        }
        kind = "upstream-aws-federated-auth-inbound", "UpstreamAwsFederatedAuthInboundPolicy"
        yield Cloud(
            options,
            *kind,
            lambda issuer, subject: trusted.append((issuer, subject)),
            lambda: setattr(door, "reply", through),
            lambda seen: (
                seen.one("authorization").startswith("AWS4-HMAC-SHA256 Credential=ASIA")
                and bool(seen.one("x-amz-security-token"))
            ),
        )
    moto.stop()


def _key_of(project: Path) -> Issuer:
    """What an administrator would give the cloud by hand."""
    command = [sys.executable, "-m", "wicketgate.cli", "issuer", "export-jwks", "--project", str(project)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=30)
    (key, *_) = json.loads(done.stdout)["keys"]
    public = {name: key[name] for name in ("kty", "n", "e")}
    return Issuer(SigningKey(key["kid"], Algorithm.RS256, public, SecretValue("")))


@pytest.mark.parametrize("cloud_of", [at_google, at_entra, at_amazon])
def test_a_route_waits_for_its_cloud_and_comes_back_with_it(tmp_path: Path, cloud_of: Any) -> None:
    with RecordingOrigin() as api, cloud_of(tmp_path / "cloud") as cloud:
        policies = [policy("identity", cloud.policy_type, cloud.export, **cloud.options)]
        route = operation(handler("urlForwardHandler", baseUrl=api.url), inbound=["identity"])
        toml = (
            '[issuer]\nurl = "https://gateway.example.com"\ninstallation = "berlin"\nalgorithm = "RS256"\n'
            '[log]\naccess = "off"\n'
        )
        project = write_project(tmp_path / "shop", {"/orders": {"get": route}}, policies=policies, toml=toml)
        cloud.trust(_key_of(project), f"wicket:berlin:127.0.0.1:{api.port}")
        with running(project) as gateway:
            status, body = gateway.get("/orders")
            assert (status, json.loads(body)["code"]) == (503, "credential-missing")
            assert "503" in gateway.status()["problems"]["credentials"]
            assert api.seen == []
            cloud.repair()
            until(lambda: gateway.get("/orders")[0] == 200, seconds=10)
            assert cloud.proves(api.last)
            until(lambda: gateway.status()["ready"], seconds=5)
