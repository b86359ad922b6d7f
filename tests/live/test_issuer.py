"""The gateway's own tokens, as independent verifiers see them, and a roll of its keys under load."""

from __future__ import annotations

import json
import os
import signal
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

from tests.guards.stands.base import free_port
from tests.guards.stands.tokens import serving
from tests.live.conftest import Running, fetch, running, until
from tests.support.origin import OK, RecordingOrigin, Seen
from tests.support.project import handler, operation, policy, write_project
from wicketgate.guards.token import TokenConfig
from wicketgate.store.database import open_database
from wicketgate.store.schema import ISSUER_KEYS
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


def test_the_documents_are_where_they_are_wanted(tmp_path: Path) -> None:
    with RecordingOrigin() as api:
        project = _project(tmp_path, api, settings='base_path = "/idp/eu-1"\n', audience="orders")
        with running(project) as gateway:
            for base in ("/idp/eu-1", "/__wicket/issuer"):
                for query in ("", "?x=1", "?"):
                    status, body = gateway.get(f"{base}/.well-known/jwks.json{query}")
                    assert (status, len(json.loads(body)["keys"])) == (200, 2)
            _, metadata = gateway.get("/idp/eu-1/.well-known/openid-configuration")
            assert json.loads(metadata)["issuer"] == f"{URL}/idp/eu-1"
            for path in ("/__zuplo/issuer/.well-known/jwks.json", "/idp/eu-1/.well-known/jwks.jsonx", "/idp/eu-1"):
                assert gateway.get(path)[0] == 404
            assert gateway.get("/orders")[0] == 200
            claims = jwt.decode(_token(api), options={"verify_signature": False})
            assert claims["iss"] == f"{URL}/idp/eu-1"


@pytest.mark.parametrize(
    ("options", "name", "before"),
    [
        ({"headerName": "X-Gateway-Token"}, "x-gateway-token", "Bearer "),
        ({"headerName": "x-gateway-token", "tokenPrefix": ""}, "x-gateway-token", ""),
        ({"tokenPrefix": "Token"}, "authorization", "Token "),
    ],
)
def test_a_token_goes_where_it_is_wanted(tmp_path: Path, options: dict[str, str], name: str, before: str) -> None:
    """And replaces the caller's, in that header alone."""
    with RecordingOrigin() as api, running(_project(tmp_path, api, audience="orders", **options)) as gateway:
        connection = HTTPConnection("127.0.0.1", gateway.port, timeout=10)
        theirs = {"authorization": "Bearer the-callers", "x-gateway-token": "forged"}
        connection.request("GET", "/orders", headers=theirs)
        assert connection.getresponse().status == 200
        connection.close()
        value = api.last.one(name)
        assert value.startswith(before)
        assert jwt.decode(value.removeprefix(before), options={"verify_signature": False})["aud"] == "orders"
        (other,) = theirs.keys() - {name}
        assert api.last.all(other) == [theirs[other]]


def test_a_key_of_age_is_replaced_and_stays_published(tmp_path: Path) -> None:
    """By nobody's command. The one before verifies the tokens that it signed."""
    with RecordingOrigin() as api:
        project = _project(tmp_path, api, settings="rotate_after = 60\npublish_ahead = 1\n", audience="orders")
        with running(project) as gateway:
            verify = _verifier(lambda: gateway, lifespan=0.1)
            first, token = _signing(gateway, api), _token(api)
            time.sleep(1.5)
            assert _signing(gateway, api) == first
            _age(project, 60)
            until(lambda: _signing(gateway, api) != first)
            until(lambda: len(_published(gateway)) == 3)
            assert first in _published(gateway)
            assert verify(token)["aud"] == verify(_token(api))["aud"] == "orders"
            shown = json.loads(_wicket(project, "issuer", "show", "--format", "json"))
            assert [key["standing"] for key in shown["keys"]] == ["current", "next", "previous"]


def _age(project: Path, seconds: float) -> None:
    """Let the key that signs be older than it is."""
    database = open_database(project / ".wicket")
    with database.write() as connection:
        current = ISSUER_KEYS.update().where(ISSUER_KEYS.c.standing == "current")
        connection.execute(current.values(since=ISSUER_KEYS.c.since - seconds))


def test_a_roll_goes_on_when_the_control_plane_starts_again(tmp_path: Path) -> None:
    with RecordingOrigin() as api:
        project = _project(tmp_path, api, settings="publish_ahead = 4\n", audience="orders", expiresIn=60)
        with running(project) as gateway:
            first = _signing(gateway, api)
            until(lambda: "not published yet" not in _wicket(project, "issuer", "show"))
            _wicket(project, "issuer", "rotate")
            before = gateway.child("wicketgate.control")
            os.kill(before, signal.SIGKILL)
            until(lambda: gateway.child("wicketgate.control") != before)
            signed = set()

            def rolled() -> bool:
                signed.add(_signing(gateway, api))
                assert signed <= _published(gateway)
                return len(signed) == 2

            until(rolled, seconds=20)
            assert first in _published(gateway)


def test_no_token_is_signed_by_a_key_that_nobody_can_fetch(tmp_path: Path) -> None:
    """Whatever is asked for: here two keys at once, the second of which was never published."""
    with RecordingOrigin() as api, running(_project(tmp_path, api, audience="orders")) as gateway:
        first = _signing(gateway, api)
        until(lambda: "not published yet" not in _wicket(tmp_path, "issuer", "show"))
        _wicket(tmp_path, "issuer", "rotate", "--now")
        until(lambda: "next" in _wicket(tmp_path, "issuer", "show"))
        _wicket(tmp_path, "issuer", "rotate", "--now", "--force")
        wanted = json.loads(_wicket(tmp_path, "issuer", "show", "--format", "json"))["keys"][0]["kid"]
        signed = {first}

        def rolled() -> bool:
            signed.add(_signing(gateway, api))
            assert signed <= _published(gateway)
            return wanted in signed

        until(rolled, seconds=20)


def test_many_tokens_go_through_a_roll(tmp_path: Path) -> None:
    """RSA, whose signatures take the longest; every token is replaced, and no request fails meanwhile."""
    verify: list[Callable[[str, str], str]] = []
    refused: list[str] = []
    kids: dict[str, str] = {}

    def reply(seen: Seen) -> bytes:
        audience = seen.target.strip("/")
        try:
            kids[audience] = verify[0](seen.one("authorization").removeprefix("Bearer "), audience)
        except jwt.PyJWTError as error:
            refused.append(repr(error))
            return REFUSED
        return OK

    with RecordingOrigin(reply=reply) as api:
        audiences = [f"orders-{number}" for number in range(100)]
        kind = "upstream-zuplo-jwt-auth-inbound", "UpstreamZuploJwtAuthInboundPolicy"
        policies = [policy(each, *kind, audience=each) for each in audiences]
        route = handler("urlForwardHandler", baseUrl=api.url)
        paths = {f"/{each}": {"get": operation(route, inbound=[each])} for each in audiences}
        toml = f'[issuer]\nurl = "{URL}"\nalgorithm = "RS256"\npublish_ahead = 2\n[log]\naccess = "off"\n'
        with running(write_project(tmp_path, paths, policies=policies, toml=toml)) as gateway:
            verify.append(_keys_of(gateway))
            answers = [gateway.get(f"/{each}")[0] for each in audiences]
            assert set(answers) == {200}
            (first,) = set(kids.values())
            _wicket(tmp_path, "issuer", "rotate")

            def rolled() -> bool:
                answers.extend(gateway.get(f"/{each}")[0] for each in audiences)
                return first not in kids.values()

            until(rolled, seconds=20)
            assert (set(answers), refused, len(set(kids.values()))) == ({200}, [], 1)


def _keys_of(gateway: Running) -> Callable[[str, str], str]:
    """PyJWT with a short cache, for tokens of any audience; it returns the key's name."""
    url = f"http://127.0.0.1:{gateway.port}/__zuplo/issuer/.well-known/jwks.json"
    client = jwt.PyJWKClient(url, lifespan=0.5)

    def verify(token: str, audience: str) -> str:
        key = client.get_signing_key_from_jwt(token)
        jwt.decode(token, key, algorithms=["RS256"], audience=audience, issuer=ISSUER)
        return str(key.key_id)

    return verify


def test_the_printed_guard_of_envoy_follows_a_roll(tmp_path: Path) -> None:
    """Before a real gateway: it is let in through two rolls, and nobody else is."""
    ports = free_port(), free_port()
    with RecordingOrigin() as api:
        behind = f"127.0.0.1:{api.port}"
        listen = f"127.0.0.1:{ports[0]}"
        route = operation(handler("urlForwardHandler", baseUrl=f"http://{listen}"), inbound=["token"])
        kind = "upstream-zuplo-jwt-auth-inbound", "UpstreamZuploJwtAuthInboundPolicy"
        issuer = f"http://localhost:{ports[1]}"
        toml = f'[issuer]\nurl = "{issuer}"\npublish_ahead = 3\n[log]\naccess = "off"\n'
        project = write_project(
            tmp_path / "shop",
            {"/orders": {"get": route}},
            policies=[policy("token", *kind, audience="orders")],
            toml=toml,
        )
        with running(project, listen=f"127.0.0.1:{ports[1]}") as gateway:
            config = TokenConfig(issuer=f"{issuer}/__zuplo/issuer", audience="orders", listen=listen, upstream=behind)
            (tmp_path / "guard").mkdir()
            with serving("envoy", tmp_path / "guard", config, amend=_hasty):
                until(lambda: gateway.get("/orders")[0] == 200)
                kids: set[str] = set()
                answers: list[int] = []
                for rolls in (1, 2):
                    _wicket(project, "issuer", "rotate")
                    end = time.monotonic() + 20
                    while len(kids) <= rolls and time.monotonic() < end:
                        answers.append(gateway.get("/orders")[0])
                        kids.add(json.loads(_wicket(project, "issuer", "show", "--format", "json"))["keys"][0]["kid"])
                assert len(kids) == 3
                answers += [gateway.get("/orders")[0] for _ in range(20)]
                assert set(answers) == {200}
                assert api.last.all("authorization") == []
                reached = len(api.seen)
                assert fetch(f"http://{listen}/orders")[0] == 401
                assert len(api.seen) == reached


def _hasty(text: str) -> str:
    assert "cache_duration: 30s" in text
    return text.replace("cache_duration: 30s", "cache_duration: 1s")


def _token(api: RecordingOrigin) -> str:
    return api.last.one("authorization").removeprefix("Bearer ")


def _signing(gateway: Running, api: RecordingOrigin) -> str:
    assert gateway.get("/orders")[0] == 200
    return str(jwt.get_unverified_header(_token(api))["kid"])


def _published(gateway: Running) -> set[str]:
    _, body = gateway.get("/__zuplo/issuer/.well-known/jwks.json")
    return {key["kid"] for key in json.loads(body)["keys"]}


def _wicket(project: Path, *arguments: str) -> str:
    command = [sys.executable, "-m", "wicketgate.cli", *arguments, "--project", str(project)]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=30).stdout


def _await_kids(seen: set[str], count: int) -> None:
    until(lambda: len(seen) >= count, seconds=10)
