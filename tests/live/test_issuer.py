"""The gateway's own tokens, as independent verifiers see them, and a roll of its keys under load."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import jwt
import pytest

from tests.live.conftest import Running, running, until
from tests.support.origin import OK, RecordingOrigin, Seen
from tests.support.project import handler, operation, policy, write_project
from wicketgate_guard import TokenGuard, Verdict

REFUSED = b"HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n"
URL = "http://localhost"
"""Where keys may roll within seconds."""
ISSUER = f"{URL}/__zuplo/issuer"


def _project(folder: Path, api: RecordingOrigin, *, settings: str = "", **options: Any) -> Path:
    token = policy("token", "upstream-zuplo-jwt-auth-inbound", "UpstreamZuploJwtAuthInboundPolicy", **options)
    route = operation(handler("urlForwardHandler", baseUrl=api.url), inbound=["token"])
    toml = f'[issuer]\nurl = "{URL}"\ninstallation = "berlin"\n{settings}'
    write_project(folder, {"/orders": {"get": route}}, policies=[token], toml=toml)
    return folder


def _verifier(gateway: Callable[[], Running], *, lifespan: float = 300) -> Callable[[str], dict[str, Any]]:
    """PyJWT with its cache of keys, as an origin would have it."""
    made: list[jwt.PyJWKClient] = []

    def verify(token: str) -> dict[str, Any]:
        if not made:
            url = f"http://127.0.0.1:{gateway().port}/__zuplo/issuer/.well-known/jwks.json"
            made.append(jwt.PyJWKClient(url, lifespan=lifespan))
        key = made[0].get_signing_key_from_jwt(token)
        found: dict[str, Any] = jwt.decode(
            token, key, algorithms=["ES256", "RS256", "EdDSA"], audience="orders", issuer=ISSUER
        )
        return found

    return verify


@pytest.mark.parametrize("algorithm", ["ES256", "RS256", "EdDSA"])
def test_a_token_says_who_asks_whom(tmp_path: Path, algorithm: str) -> None:
    with RecordingOrigin() as api:
        options = {"audience": "orders", "additionalClaims": {"tier": "gold"}, "expiresIn": "5m"}
        project = _project(tmp_path, api, settings=f'algorithm = "{algorithm}"\n', **options)
        with running(project) as gateway:
            assert gateway.get("/orders")[0] == 200
            (value,) = api.last.all("authorization")
            claims = _verifier(lambda: gateway)(value.removeprefix("Bearer "))
            assert claims["sub"] == f"wicket:berlin:127.0.0.1:{api.port}"
            assert claims["exp"] - claims["iat"] == 300
            assert claims["iat"] - claims["nbf"] == 30
            assert claims["jti"]
            named = {name: claims[name] for name in ("installation", "project", "environment", "origin", "tier")}
            assert named == {
                "installation": "berlin",
                "project": project.name,
                "environment": "production",
                "origin": f"127.0.0.1:{api.port}",
                "tier": "gold",
            }
            assert jwt.get_unverified_header(value.removeprefix("Bearer "))["alg"] == algorithm


def test_the_documents_are_where_verifiers_look(tmp_path: Path) -> None:
    with RecordingOrigin() as api, running(_project(tmp_path, api, audience="orders")) as gateway:
        for base in ("/__zuplo/issuer", "/__wicket/issuer"):
            status, body = gateway.get(f"{base}/.well-known/openid-configuration")
            found = json.loads(body)
            assert (status, found["issuer"]) == (200, ISSUER)
            assert found["jwks_uri"] == f"{ISSUER}/.well-known/jwks.json"
            status, body = gateway.get(f"{base}/.well-known/jwks.json")
            keys = json.loads(body)["keys"]
            assert [key["use"] for key in keys] == ["sig", "sig"], "the current key and the next"
            assert not {"d", "p", "q"} & {member for key in keys for member in key}
        assert api.seen == []


def test_a_roll_under_load_fails_nobody(tmp_path: Path) -> None:
    """A verifier that caches for less than `publish_ahead` meets each key before it signs: it would not fetch again for
    an unknown one (PyJWT lets thirty seconds pass)."""
    running_gateway: list[Running] = []
    verify = _verifier(lambda: running_gateway[0], lifespan=0.5)
    seen: set[str] = set()
    refusals: list[str] = []

    def reply(request: Seen) -> bytes:
        token = request.one("authorization").removeprefix("Bearer ")
        seen.add(jwt.get_unverified_header(token)["kid"])
        try:
            verify(token)
        except jwt.PyJWTError as error:
            refusals.append(repr(error))
            return REFUSED
        return OK

    with RecordingOrigin(reply=reply) as api:
        project = _project(tmp_path, api, settings="publish_ahead = 2\n", audience="orders")
        with running(project) as gateway:
            running_gateway.append(gateway)
            assert gateway.get("/orders")[0] == 200
            answers: list[int] = []
            done = threading.Event()

            def load() -> None:
                connection = HTTPConnection("127.0.0.1", gateway.port, timeout=10)
                while not done.is_set():
                    connection.request("GET", "/orders")
                    answer = connection.getresponse()
                    answer.read()
                    answers.append(answer.status)
                connection.close()

            thread = threading.Thread(target=load)
            thread.start()
            try:
                for rolled in range(2, 5):
                    _wicket(project, "issuer", "rotate")
                    _await_kids(seen, rolled)
                    time.sleep(0.3)
            finally:
                done.set()
                thread.join()
            assert (set(answers), refusals) == ({200}, [])
            assert len(answers) > 200


def test_the_guard_lets_in_the_gateway_alone_and_through_a_roll(tmp_path: Path) -> None:
    guards: list[TokenGuard] = []
    verdicts: list[Verdict] = []

    def reply(request: Seen) -> bytes:
        verdicts.append(guards[0].check([value.encode() for value in request.all("authorization")]))
        return OK if guards[0].admits(verdicts[-1], path=request.target) else REFUSED

    with RecordingOrigin(reply=reply) as api:
        project = _project(tmp_path, api, settings="publish_ahead = 1\n", audience="orders")
        with running(project) as gateway:
            jwks = f"http://127.0.0.1:{gateway.port}/__zuplo/issuer/.well-known/jwks.json"
            guards.append(TokenGuard(issuer=ISSUER, audience="orders", jwks=jwks))
            assert _direct(api) == 401
            assert gateway.get("/orders")[0] == 200
            before = _signing(gateway, api)
            _wicket(project, "issuer", "rotate")
            until(lambda: _signing(gateway, api) != before)
            assert _direct(api) == 401
            assert set(verdicts) == {Verdict.MISSING, Verdict.ACCEPTED}


def _direct(api: RecordingOrigin) -> int:
    connection = HTTPConnection("127.0.0.1", api.port, timeout=10)
    connection.request("GET", "/orders")
    status = connection.getresponse().status
    connection.close()
    return status


def test_keys_are_published_whatever_state_the_project_is_in(tmp_path: Path) -> None:
    """Somebody left an error in the project; the keys roll on, and none signs that nobody can know."""
    with RecordingOrigin() as api:
        project = _project(tmp_path, api, settings="publish_ahead = 1\n", audience="orders")
        with running(project) as gateway:
            (project / "config" / "policies.json").write_text("{")
            for _ in range(2):
                before = _signing(gateway, api)
                _wicket(project, "issuer", "rotate")
                until(lambda: _signing(gateway, api) != before)  # noqa: B023
                assert _signing(gateway, api) in _published(gateway)
            assert gateway.get("/orders")[0] == 200


def test_caches_are_told_for_how_long(tmp_path: Path) -> None:
    """Never for longer than a key is published before it signs."""
    with RecordingOrigin() as api, running(_project(tmp_path, api, settings="publish_ahead = 7\n")) as gateway:
        connection = HTTPConnection("127.0.0.1", gateway.port, timeout=10)
        connection.request("GET", "/__zuplo/issuer/.well-known/jwks.json")
        headers = connection.getresponse().headers
        connection.close()
        assert headers.get_all("content-type") == ["application/json"]
        assert headers.get_all("cache-control") == ["public, max-age=7"]
        assert gateway.reload()["message"] == ""
        _project(tmp_path, api, settings="publish_ahead = 8\n")
        told = gateway.reload()
        assert (told["ok"], told["message"]) == (True, "restart the gateway to take up what has changed in [issuer]")


def _signing(gateway: Running, api: RecordingOrigin) -> str:
    assert gateway.get("/orders")[0] == 200
    token = api.last.one("authorization").removeprefix("Bearer ")
    return str(jwt.get_unverified_header(token)["kid"])


def _published(gateway: Running) -> set[str]:
    _, body = gateway.get("/__zuplo/issuer/.well-known/jwks.json")
    return {key["kid"] for key in json.loads(body)["keys"]}


def _wicket(project: Path, *arguments: str) -> str:
    command = [sys.executable, "-m", "wicketgate.cli", *arguments, "--project", str(project)]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=30).stdout


def _await_kids(seen: set[str], count: int) -> None:
    until(lambda: len(seen) >= count, seconds=10)
