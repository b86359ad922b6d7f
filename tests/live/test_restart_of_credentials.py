"""A gateway that was stopped, changed and started again uses nothing that was made of what it had before."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jwt
import pytest

from tests.live.conftest import running, until
from tests.live.token_provider import Provider, provider
from tests.support.origin import RecordingOrigin
from tests.support.project import handler, operation, policy, write_project

OAUTH = "upstream-oauth-client-credentials-inbound", "UpstreamOAuthClientCredentialsInboundPolicy"
AWS = "upstream-aws-service-auth-inbound", "UpstreamAwsServiceAuthInboundPolicy"
_QUICK = '[envoy]\nconcurrency = 1\ndrain_seconds = 1\n[log]\naccess = "off"\n'
OURS = "upstream-zuplo-jwt-auth-inbound", "UpstreamZuploJwtAuthInboundPolicy"


@pytest.fixture
def api() -> Iterator[RecordingOrigin]:
    with RecordingOrigin() as origin:
        yield origin


@pytest.fixture
def identity() -> Iterator[Provider]:
    with provider(life=3600.0) as found:
        yield found


def _write(folder: Path, route: dict[str, Any], *policies: dict[str, Any], toml: str = "") -> None:
    routed = operation(route, inbound=[each["name"] for each in policies])
    write_project(folder, {"/orders": {"get": routed}}, policies=list(policies), toml=f"{toml}{_QUICK}")


def _sent(folder: Path, api: RecordingOrigin) -> str:
    """Start the gateway, send one request through it, and stop it once what it holds is sealed."""
    with running(folder) as gateway:
        until(lambda: gateway.status()["ready"])
        gateway.get("/orders")
        time.sleep(1.2)
    return api.last.one("authorization")


def test_a_token_lives_on_until_its_secret_is_another(tmp_path: Path, api: RecordingOrigin, identity: Provider) -> None:
    client = {"tokenUrl": identity.url, "clientId": "us", "clientSecret": "$env(SECRET)", "audience": "orders"}
    _write(tmp_path, handler("urlForwardHandler", baseUrl=api.url), policy("token", *OAUTH, **client))
    (tmp_path / ".env").write_text("SECRET=the-old-secret-of-the-client\n")
    first = _sent(tmp_path, api)
    assert _sent(tmp_path, api) == first
    (tmp_path / ".env").write_text("SECRET=the-new-secret-of-the-client\n")
    assert _sent(tmp_path, api) != first
    old, new = (seen.one("authorization") for seen in identity.server.seen)
    assert old != new


def test_no_key_pair_signs_after_it_was_replaced(tmp_path: Path, api: RecordingOrigin) -> None:
    keys = {"accessKeyId": "$env(ID)", "secretAccessKey": "$env(KEY)", "region": "eu-west-1", "service": "execute-api"}
    _write(tmp_path, handler("urlForwardHandler", baseUrl=api.url), policy("aws", *AWS, **keys))
    for key in ("OLD", "NEW"):
        (tmp_path / ".env").write_text(f"ID=AKIA{key}\nKEY=the-{key.lower()}-key-that-signs-requests\n")
        assert f"Credential=AKIA{key}/" in _sent(tmp_path, api)
    assert (tmp_path / ".wicket/run/credentials.sealed").read_bytes() == b"{}", "a key pair is remembered nowhere"


def test_no_function_is_called_with_keys_that_were_replaced(tmp_path: Path, api: RecordingOrigin) -> None:
    keys = {"accessKeyId": "$env(ID)", "secretAccessKey": "$env(KEY)", "region": "eu-west-1"}
    _write(tmp_path, handler("awsLambdaHandler", functionName="orders", endpoint=api.url, **keys))
    for key in ("OLD", "NEW"):
        (tmp_path / ".env").write_text(f"ID=AKIA{key}\nKEY=the-{key.lower()}-key-that-signs-requests\n")
        assert f"Credential=AKIA{key}/" in _sent(tmp_path, api)


@pytest.mark.parametrize(
    ("changed", "claim"),
    [
        ('url = "https://another.example.com"\ninstallation = "berlin"\n', "iss"),
        ('url = "https://gateway.example.com"\ninstallation = "paris"\n', "sub"),
    ],
)
def test_no_token_of_ours_speaks_for_who_we_were(
    tmp_path: Path, api: RecordingOrigin, changed: str, claim: str
) -> None:
    route, ours = handler("urlForwardHandler", baseUrl=api.url), policy("ours", *OURS, audience="orders")
    found = []
    for issuer in ('url = "https://gateway.example.com"\ninstallation = "berlin"\n', changed):
        _write(tmp_path, route, ours, toml=f"[issuer]\n{issuer}")
        token = _sent(tmp_path, api).removeprefix("Bearer ")
        found.append(jwt.decode(token, options={"verify_signature": False})[claim])
    assert found[0] != found[1]


def test_a_token_of_ours_lives_on_while_we_are_who_we_were(tmp_path: Path, api: RecordingOrigin) -> None:
    route, ours = handler("urlForwardHandler", baseUrl=api.url), policy("ours", *OURS, audience="orders")
    _write(tmp_path, route, ours, toml='[issuer]\nurl = "https://gateway.example.com"\n')
    assert _sent(tmp_path, api) == _sent(tmp_path, api)
    assert len(json.loads((tmp_path / ".wicket/run/credentials.sealed").read_bytes())) == 1
