"""Tokens that the broker obtains: there before the route, renewed under load, and never replaced by anything else."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from tests.live.conftest import Running, running, until
from tests.live.token_provider import Provider, is_living, provider
from tests.support.origin import OK, RecordingOrigin, Seen
from tests.support.project import handler, operation, policy, write_project

SECRET = "canary-of-the-client-secret"
REFUSED = b"HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n"


@pytest.fixture
def api() -> Iterator[RecordingOrigin]:
    """An origin that lets in only a living token for the audience that is the path."""

    def reply(seen: Seen) -> bytes:
        audience = seen.target.strip("/")
        values = seen.all("authorization")
        return OK if len(values) == 1 and is_living(values[0], audience) else REFUSED

    with RecordingOrigin(reply=reply) as origin:
        yield origin


@pytest.fixture
def identity() -> Iterator[Provider]:
    with provider() as found:
        yield found


def _project(folder: Path, api: RecordingOrigin, identity: Provider, *audiences: str, **options: Any) -> Path:
    policies = [
        policy(
            f"token-{audience}",
            "upstream-oauth-client-credentials-inbound",
            "UpstreamOAuthClientCredentialsInboundPolicy",
            tokenUrl=identity.url,
            clientId="us",
            clientSecret="$env(CLIENT_SECRET)",
            audience=audience,
            **options,
        )
        for audience in audiences
    ]
    route = handler("urlForwardHandler", baseUrl=api.url)
    paths = {f"/{audience}": {"get": operation(route, inbound=[f"token-{audience}"])} for audience in audiences}
    paths["/open"] = {"get": operation(route)}
    write_project(folder, paths, policies=policies, toml='[log]\naccess = "off"\n')
    (folder / ".env").write_text(f"CLIENT_SECRET={SECRET}\n")
    return folder


def _ask(gateway: Running, path: str, **headers: str) -> tuple[int, dict[str, Any]]:
    request = urllib.request.Request(f"{gateway.url}{path}", headers=headers)  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
            return answer.status, {}
    except urllib.error.HTTPError as error:
        with error:
            body = error.read()
            return error.code, json.loads(body) if body else {}


def test_a_token_is_there_before_its_route(tmp_path: Path, api: RecordingOrigin, identity: Provider) -> None:
    with running(_project(tmp_path, api, identity, "orders")) as gateway:
        assert _ask(gateway, "/orders", Authorization="Bearer forged")[0] == 200
        assert len(identity.issued) == 1
        (first,) = identity.server.seen
        assert first.one("authorization").startswith("Basic ")
        assert SECRET not in gateway.out.read_text() + gateway.err.read_text()
        assert identity.issued[0] not in gateway.out.read_text() + gateway.err.read_text()
        _project(tmp_path, api, identity, "orders", "billing")
        assert gateway.reload()["ok"]
        assert _ask(gateway, "/billing")[0] == 200
        assert len(identity.issued) == 2, "what was held is not asked for again"


def test_without_token_nothing_is_forwarded(tmp_path: Path, api: RecordingOrigin, identity: Provider) -> None:
    identity.down = 503
    with running(_project(tmp_path, api, identity, "orders")) as gateway:
        began = time.monotonic()
        status, problem = _ask(gateway, "/orders", Authorization="Bearer the-callers-own")
        assert (status, problem["code"]) == (503, "credential-missing")
        assert time.monotonic() - began < 2
        assert api.seen == []
        assert "temporarily_unavailable: back in a minute" in gateway.status()["problems"]["credentials"]
        assert _ask(gateway, "/open", Authorization="Bearer the-callers-own")[0] == 401, "other routes are served"
        assert api.last.one("authorization") == "Bearer the-callers-own"
        identity.down = 0
        until(lambda: _ask(gateway, "/orders")[0] == 200, seconds=7)
        until(lambda: gateway.status()["ready"], seconds=5)


def test_a_living_token_outlives_its_provider_and_not_its_end(
    tmp_path: Path, api: RecordingOrigin, identity: Provider
) -> None:
    identity.life = 6.0
    with running(_project(tmp_path, api, identity, "orders")) as gateway:
        until(lambda: _ask(gateway, "/orders")[0] == 200)
        identity.down = 500
        ends = float(identity.issued[-1].rpartition("-")[2])
        os.kill(gateway.child("wicketgate.control"), signal.SIGKILL)
        while time.time() < ends - 1.5:
            assert _ask(gateway, "/orders")[0] == 200
            time.sleep(0.05)
        assert len(identity.issued) == 1
        # The origin would answer 401 to a token past its end.
        answers = [200]
        while answers[-1] == 200 and time.time() < ends + 6:
            answers.append(_ask(gateway, "/orders")[0])
        assert set(answers) == {200, 503}
        reached = len(api.seen)
        assert _ask(gateway, "/orders", Authorization="Bearer the-callers-own")[0] == 503
        assert len(api.seen) == reached


def test_a_changed_secret_is_used_at_once(tmp_path: Path, api: RecordingOrigin, identity: Provider) -> None:
    with running(_project(tmp_path, api, identity, "orders")) as gateway:
        assert _ask(gateway, "/orders")[0] == 200
        (tmp_path / ".env").write_text("CLIENT_SECRET=another-secret\n")
        until(lambda: len(identity.issued) == 2, seconds=5)
        before, after = (seen.one("authorization") for seen in identity.server.seen)
        assert before != after
        assert _ask(gateway, "/orders")[0] == 200


def test_a_variable_that_is_gone_holds_back_no_renewal(
    tmp_path: Path, api: RecordingOrigin, identity: Provider
) -> None:
    identity.life = 6.0
    _project(tmp_path, api, identity, "orders")
    path = tmp_path / "config" / "policies.json"
    known = json.loads(path.read_text())
    key = policy("key", "set-upstream-api-key-inbound", "SetUpstreamApiKeyInboundPolicy", value="$env(KEY)")
    path.write_text(json.dumps({"policies": [*known["policies"], key]}))
    path = tmp_path / "config" / "routes.oas.json"
    routes = json.loads(path.read_text())
    routes["paths"]["/keyed"] = {"get": operation(handler("urlForwardHandler", baseUrl=api.url), inbound=["key"])}
    path.write_text(json.dumps(routes))
    (tmp_path / ".env").write_text(f"CLIENT_SECRET={SECRET}\nKEY=a-key-of-sufficient-length\n")
    with running(tmp_path) as gateway:
        until(lambda: _ask(gateway, "/orders")[0] == 200)
        (tmp_path / ".env").write_text(f"CLIENT_SECRET={SECRET}\n")
        until(lambda: "project" in gateway.status()["problems"], seconds=5)
        ends = time.time() + 8
        while time.time() < ends:
            assert _ask(gateway, "/orders")[0] == 200
            time.sleep(0.05)
        assert len(identity.issued) > 1


def test_a_hundred_tokens_renew_under_load(tmp_path: Path, api: RecordingOrigin, identity: Provider) -> None:
    """Each lives four seconds: within ten, all have ended and been renewed more than once."""
    identity.life = 4.0
    audiences = [f"a{number}" for number in range(100)]
    with running(_project(tmp_path, api, identity, *audiences)) as gateway:
        until(lambda: gateway.status()["ready"], seconds=15)
        answers: list[list[int]] = [[], []]
        end = time.monotonic() + 10

        def load(mine: list[int]) -> None:
            connection = HTTPConnection("127.0.0.1", gateway.port, timeout=10)
            while time.monotonic() < end:
                for audience in audiences:
                    connection.request("GET", f"/{audience}")
                    answer = connection.getresponse()
                    answer.read()
                    mine.append(answer.status)
            connection.close()

        threads = [threading.Thread(target=load, args=(mine,)) for mine in answers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        found = answers[0] + answers[1]
        assert set(found) == {200}
        assert len(found) > 1000
        assert len(identity.issued) > 300
