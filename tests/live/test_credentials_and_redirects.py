"""A redirect that is followed takes the credential along within its origin, and never to another."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.live.conftest import Running, running, until
from tests.live.token_provider import Provider, is_living, provider
from tests.support.origin import OK, RecordingOrigin, Seen
from tests.support.project import handler, operation, policy, write_project

OAUTH = "upstream-oauth-client-credentials-inbound", "UpstreamOAuthClientCredentialsInboundPolicy"
SIGNED = "sign-request-inbound", "SignRequestInboundPolicy"
PROOFS = ("authorization", "x-amz-date", "x-amz-content-sha256")


@dataclass
class World:
    gateway: Running
    ours: RecordingOrigin
    theirs: RecordingOrigin
    identity: Provider

    def ask(self, target: str) -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.gateway.port, timeout=10)
        connection.request("GET", target, headers={"Authorization": "Bearer the-callers-own"})
        answer = connection.getresponse()
        answer.read()
        connection.close()
        return answer.status, answer.getheader("location", "")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """`/REST` is answered by a redirect to `REST?to=URL`; the origin that is not ours answers everybody."""
    folder = tmp_path_factory.mktemp("redirects")

    def reply(seen: Seen) -> bytes:
        _, _, to = seen.target.partition("?to=")
        return b"HTTP/1.1 302 Found\r\nlocation: %s\r\ncontent-length: 0\r\n\r\n" % to.encode() if to else OK

    with RecordingOrigin(reply=reply) as ours, RecordingOrigin() as theirs, provider() as identity:
        _write(folder, ours, identity)
        with running(folder) as gateway:
            until(lambda: gateway.status()["ready"])
            yield World(gateway, ours, theirs, identity)


def _write(folder: Path, ours: RecordingOrigin, identity: Provider) -> None:
    client = {"tokenUrl": identity.url, "clientId": "us", "clientSecret": "$env(KEY)", "audience": "orders"}
    policies = [policy("token", *OAUTH, **client), policy("signed", *SIGNED, keyId="us", secret="$env(KEY)")]
    route = handler("urlForwardHandler", baseUrl=ours.url, followRedirects=True)
    paths = {f"/{name}/{{rest}}": {"get": operation(route, inbound=[name])} for name in ("token", "signed")}
    write_project(folder, paths, policies=policies)
    (folder / ".env").write_text("KEY=a-key-that-is-long-enough\n")


@pytest.mark.parametrize("proof", ["token", "signed"])
def test_within_its_origin_a_redirect_is_proven_too(world: World, proof: str) -> None:
    world.ours.seen.clear()
    assert world.ask(f"/{proof}/a?to={world.ours.url}/next")[0] == 200
    assert [seen.target.partition("?")[0] for seen in world.ours.seen] == [f"/{proof}/a", "/next"]
    for seen in world.ours.seen:
        value = seen.one("authorization")
        assert is_living(value, "orders") if proof == "token" else value.startswith("AWS4-HMAC-SHA256 ")
    signatures = {seen.one("authorization") for seen in world.ours.seen}
    assert len(signatures) == (1 if proof == "token" else 2)


@pytest.mark.parametrize("proof", ["token", "signed"])
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "ours@127.0.0.1"])
def test_to_another_origin_a_redirect_goes_back_to_the_caller(world: World, proof: str, host: str) -> None:
    elsewhere = f"http://{host}:{world.theirs.port}/collect"
    status, location = world.ask(f"/{proof}/a?to={elsewhere}")
    assert (status, location) == (302, elsewhere)
    assert world.theirs.seen == []


@pytest.mark.parametrize("proof", ["token", "signed"])
def test_nor_does_a_second_redirect_lead_there(world: World, proof: str) -> None:
    elsewhere = f"http://127.0.0.1:{world.theirs.port}/collect"
    status, location = world.ask(f"/{proof}/a?to={world.ours.url}/next?to={elsewhere}")
    assert (status, location) == (302, elsewhere)
    assert world.theirs.seen == []
