"""A provider that takes connections and never answers: nothing waits for it but what needs it."""

from __future__ import annotations

import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.live.conftest import Running, running, until
from tests.live.token_provider import Provider, is_living, provider
from tests.support.origin import OK, RecordingOrigin, Seen
from tests.support.project import handler, operation, policy, write_project

HUNG = 24
LIFE = 6.0
_TOML = '[envoy]\nconcurrency = 1\ndrain_seconds = 1\n[log]\naccess = "off"\n'
_REFUSED = b"HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n"


@contextmanager
def _silent() -> Iterator[str]:
    """Run a server that accepts and never answers; give its URL."""
    listener, taken = socket.create_server(("127.0.0.1", 0), backlog=1000), []

    def accept() -> None:
        while True:
            try:
                taken.append(listener.accept()[0])
            except OSError:
                return

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        listener.close()
        for each in taken:
            each.close()


def _aws(number: int, url: str) -> dict[str, Any]:
    role = {"roleArn": f"arn:aws:iam::123456789012:role/r{number}", "stsEndpoint": url}
    keys = {"accessKeyId": "AKIDEXAMPLE", "secretAccessKey": "$env(KEY)", "region": "eu-west-1", "service": "s3"}
    kind, export = "upstream-aws-service-auth-inbound", "UpstreamAwsServiceAuthInboundPolicy"
    return policy(f"hung{number}", kind, export, **keys, **role)


def _oauth(number: int, url: str) -> dict[str, Any]:
    client = {"tokenUrl": f"{url}/token", "clientId": "us", "clientSecret": "$env(KEY)", "audience": f"a{number}"}
    name = "upstream-oauth-client-credentials-inbound", "UpstreamOAuthClientCredentialsInboundPolicy"
    return policy(f"hung{number}", *name, **client)


@pytest.fixture
def api() -> Iterator[RecordingOrigin]:
    def reply(seen: Seen) -> bytes:
        return OK if is_living(seen.one("authorization"), "healthy") else _REFUSED

    with RecordingOrigin(reply=reply) as origin:
        yield origin


@pytest.fixture
def identity() -> Iterator[Provider]:
    with provider(life=LIFE) as found:
        yield found


def _write(folder: Path, api: RecordingOrigin, identity: Provider, hung: list[dict[str, Any]], *routes: str) -> None:
    client = {"tokenUrl": identity.url, "clientId": "us", "clientSecret": "$env(KEY)", "audience": "healthy"}
    name = "upstream-oauth-client-credentials-inbound", "UpstreamOAuthClientCredentialsInboundPolicy"
    route = handler("urlForwardHandler", baseUrl=api.url)
    paths = {f"/{each['name']}": {"get": operation(route, inbound=[each["name"]])} for each in hung}
    paths |= {path: {"get": operation(route, inbound=["healthy"])} for path in ("/healthy", *routes)}
    write_project(folder, paths, policies=[*hung, policy("healthy", *name, **client)], toml=_TOML)
    (folder / ".env").write_text("KEY=a-key-that-is-long-enough\n")


@pytest.mark.parametrize("made", [_aws, _oauth])
def test_nothing_waits_for_a_provider_that_never_answers(
    tmp_path: Path, api: RecordingOrigin, identity: Provider, made: Callable[[int, str], dict[str, Any]]
) -> None:
    with _silent() as url:
        hung = [made(number, url) for number in range(HUNG)]
        _write(tmp_path, api, identity, hung)
        began = time.monotonic()
        with running(tmp_path) as gateway:
            assert time.monotonic() - began < 8
            assert _seconds(lambda: gateway.get("/readyz", private=True)) < 1
            assert gateway.get("/hung0")[0] == 503
            _write(tmp_path, api, identity, hung, "/also")
            assert _seconds(lambda: gateway.reload()["ok"]) < 3
            assert gateway.get("/also")[0] == 200
            _served_for(gateway, 3 * LIFE)
            until(lambda: re.search("no answer|Timeout", gateway.status()["problems"]["credentials"]), seconds=12)
            assert _seconds(gateway.status) < 1
        assert len(identity.issued) > 3


def _seconds(work: Callable[[], Any]) -> float:
    began = time.monotonic()
    assert work()
    return time.monotonic() - began


def _served_for(gateway: Running, seconds: float) -> None:
    """What a healthy provider gives is renewed all the time: the origin would refuse a token past its end."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        assert gateway.get("/healthy")[0] == 200
        assert _seconds(lambda: gateway.get("/readyz", private=True)) < 1
        time.sleep(0.1)
