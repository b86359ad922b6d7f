"""Tokens of a running gateway, before verifiers that know nothing but what it publishes."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import google.auth.jwt
import pytest
from google.auth.exceptions import GoogleAuthError
from joserfc.jwk import KeySet

from tests.guards.stands.base import free_port
from tests.guards.stands.tokens import serving
from tests.live.conftest import running as gateway_running
from tests.support.envoy import running as envoy_running
from tests.support.origin import RecordingOrigin
from tests.support.project import handler, operation, policy, write_project
from wicketgate.envoy.resources import EnvoyResources
from wicketgate.guards.token import TokenConfig

ISSUER = "https://gateway.example.com/__zuplo/issuer"
KEYS = "/__zuplo/issuer/.well-known/jwks.json"
_NETWORK = "type.googleapis.com/envoy.extensions.filters.network"
_HTTP = "type.googleapis.com/envoy.extensions.filters.http"
_VERIFIERS = Path(__file__).parent / "verifiers"

Accepts = Callable[[str, str], bool]
"""From a token and the audience that the verifier wants."""


@dataclass(frozen=True, slots=True)
class Signed:
    """A gateway that is reached on a port of loopback, and the tokens that its origin got on `/orders` and `/bills`."""

    algorithm: str
    port: int
    token: str
    other: str


@pytest.fixture(scope="module", params=["ES256", "RS256", "EdDSA"])
def signed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Signed]:
    algorithm: str = request.param
    with RecordingOrigin() as api:
        project = _project(tmp_path_factory.mktemp(algorithm), api.url, algorithm)
        with gateway_running(project) as gateway:
            tokens = []
            for path in ("/orders", "/bills"):
                assert gateway.get(path)[0] == 200
                tokens.append(api.last.one("authorization").removeprefix("Bearer "))
            yield Signed(algorithm, gateway.port, *tokens)


def _project(folder: Path, origin: str, algorithm: str) -> Path:
    def token(name: str) -> dict[str, Any]:
        kind = "upstream-zuplo-jwt-auth-inbound", "UpstreamZuploJwtAuthInboundPolicy"
        return policy(name, *kind, audience=name)

    def route(name: str) -> dict[str, Any]:
        return {"get": operation(handler("urlForwardHandler", baseUrl=origin), inbound=[name])}

    toml = f'[issuer]\nurl = "https://gateway.example.com"\nalgorithm = "{algorithm}"\n'
    policies = [token("orders"), token("bills")]
    return write_project(folder, {"/orders": route("orders"), "/bills": route("bills")}, policies=policies, toml=toml)


def test_envoy_lets_in_its_own_token_alone(signed: Signed, tmp_path: Path) -> None:
    with envoy_running(_guard(signed), tmp_path) as envoy:

        def accepts(token: str, _: str) -> bool:
            return _ask(envoy.port, token) == 200

        _check(accepts, signed)


@pytest.mark.parametrize("server", ["apache", "nginx"])
def test_the_printed_guards_let_in_its_own_token_alone(signed: Signed, server: str, tmp_path: Path) -> None:
    reached = f"{ISSUER}/.well-known/jwks.json", f"http://127.0.0.1:{signed.port}{KEYS}"
    with RecordingOrigin() as origin:
        port = free_port()
        listen, upstream = f"127.0.0.1:{port}", f"127.0.0.1:{origin.port}"
        config = TokenConfig(issuer=ISSUER, audience="orders", listen=listen, upstream=upstream)
        with serving(server, tmp_path, config, amend=lambda text: text.replace(*reached)):

            def accepts(token: str, _: str) -> bool:
                return _ask(port, token) == 200

            if signed.algorithm == "EdDSA":
                assert not accepts(signed.token, "orders"), "the guide says that these take no EdDSA"
            else:
                _check(accepts, signed)


def test_jose_and_openid_client_find_their_way(signed: Signed, tmp_path_factory: pytest.TempPathFactory) -> None:
    with _node(_installed(tmp_path_factory.getbasetemp())) as ask:

        def answer(token: str, audience: str) -> dict[str, Any]:
            reach = f"http://127.0.0.1:{signed.port}"
            facts = {"algorithm": signed.algorithm, "audience": audience, "issuer": ISSUER, "reach": reach}
            return ask({**facts, "token": token})

        found = answer(signed.token, "orders")
        assert found["claims"]["origin"].startswith("127.0.0.1:")
        assert found["metadata"]["id_token_signing_alg_values_supported"] == [signed.algorithm]
        _check(lambda token, audience: "claims" in answer(token, audience), signed)


def test_google_auth_takes_what_google_takes(signed: Signed) -> None:
    with urlopen(f"http://127.0.0.1:{signed.port}{KEYS}", timeout=10) as answer:
        keys = KeySet.import_key_set(json.load(answer))
    certificates = {key.kid: key.as_pem(private=False) for key in keys.keys}  # type: ignore[union-attr]

    def accepts(token: str, audience: str) -> bool:
        try:
            google.auth.jwt.decode(token, certs=certificates, audience=audience)
        except (ValueError, GoogleAuthError):
            return False
        return True

    if signed.algorithm == "EdDSA":
        assert not accepts(signed.token, "orders"), "the guide says that Google takes no EdDSA"
    else:
        _check(accepts, signed)


def _check(accepts: Accepts, signed: Signed) -> None:
    assert accepts(signed.token, "orders")
    assert not accepts(signed.other, "orders"), "a token for another audience"
    assert not accepts(_amended(signed.token), "orders"), "a token that somebody changed"


def _amended(token: str) -> str:
    """Let the token live longer, under the signature that it had."""
    head, body, signature = token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    changed = json.dumps({**claims, "exp": int(time.time()) + 86_400}).encode()
    return ".".join((head, base64.urlsafe_b64encode(changed).rstrip(b"=").decode(), signature))


def _ask(port: int, token: str) -> int:
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", "/", headers={"authorization": f"Bearer {token}"})
        return connection.getresponse().status
    finally:
        connection.close()


def _installed(base: Path) -> Path:
    """A copy of the script with its locked dependencies, made once."""
    folder = base / "verifiers"
    if not folder.exists():
        shutil.copytree(_VERIFIERS, folder, ignore=shutil.ignore_patterns("node_modules"))
        command = ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
        subprocess.run(command, cwd=folder, check=True, timeout=120, capture_output=True)
    return folder


@contextmanager
def _node(folder: Path) -> Iterator[Callable[[dict[str, str]], dict[str, Any]]]:
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(["node", "verify.mjs"], cwd=folder, text=True, **pipes) as process:  # type: ignore[call-overload]

        def ask(question: dict[str, str]) -> dict[str, Any]:
            process.stdin.write(json.dumps(question) + "\n")
            process.stdin.flush()
            answer: dict[str, Any] = json.loads(process.stdout.readline())
            return answer

        try:
            yield ask
        finally:
            process.stdin.close()
            process.wait(10)


def _guard(signed: Signed) -> EnvoyResources:
    """An Envoy that fetches the keys from the gateway, as an origin's own Envoy would."""
    address = {"address": {"socket_address": {"address": "127.0.0.1", "port_value": signed.port}}}
    cluster = {
        "name": "gateway",
        "type": "STATIC",
        "load_assignment": {
            "cluster_name": "gateway",
            "endpoints": [{"lb_endpoints": [{"endpoint": address}]}],
        },
    }
    uri = {"uri": f"http://gateway.example.com{KEYS}", "cluster": "gateway", "timeout": "5s"}
    provider = {"issuer": ISSUER, "audiences": ["orders"], "remote_jwks": {"http_uri": uri}}
    jwt_authn = {
        "@type": f"{_HTTP}.jwt_authn.v3.JwtAuthentication",
        "providers": {"gateway": provider},
        "rules": [{"match": {"prefix": "/"}, "requires": {"provider_name": "gateway"}}],
    }
    router = {"@type": f"{_HTTP}.router.v3.Router"}
    route = {"match": {"prefix": "/"}, "direct_response": {"status": 200}}
    connections = {
        "@type": f"{_NETWORK}.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "guard",
        "route_config": {"virtual_hosts": [{"name": "all", "domains": ["*"], "routes": [route]}]},
        "http_filters": [
            {"name": "jwt_authn", "typed_config": jwt_authn},
            {"name": "router", "typed_config": router},
        ],
    }
    listener = {
        "name": "guard",
        "address": {"socket_address": {"address": "127.0.0.1", "port_value": 0}},
        "filter_chains": [{"filters": [{"name": "connections", "typed_config": connections}]}],
    }
    return EnvoyResources(listeners=(listener,), clusters=(cluster,), routes=({},), secrets={})
