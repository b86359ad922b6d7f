"""What is refused or made plain before a route is looked for (threats D3 to D8)."""

from __future__ import annotations

import pytest

from tests.proxy.conftest import Serve, forward
from tests.support.origin import RecordingOrigin


@pytest.mark.parametrize(
    "request_head",
    [
        "GET /x HTTP/1.1\r\nhost: a\r\nhost: b\r\n",
        "GET /x HTTP/1.1\r\nhost: a, b\r\n",
        "GET /x HTTP/1.1\r\n",
        "POST /x HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n",
        "POST /x HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ncontent-length: 2\r\n",
        "GET /x HTTP/1.1\r\nhost: a\r\nx-a : 1\r\n",
        "GET /x HTTP/1.1\r\nhost: a\r\nx_a: 1\r\n",
        "GET /x%2f..%2fadmin HTTP/1.1\r\nhost: a\r\n",
        "GET /x%5cadmin HTTP/1.1\r\nhost: a\r\n",
        "GET /x%00 HTTP/1.1\r\nhost: a\r\n",
    ],
)
def test_refused_with_400(serve: Serve, origin: RecordingOrigin, request_head: str) -> None:
    gateway = serve({"/x": {"get": forward(), "post": forward()}, "/{any}": {"get": forward()}})
    assert gateway.raw(f"{request_head}connection: close\r\n\r\n".encode()).status == 400
    assert origin.seen == []


@pytest.mark.parametrize(
    ("target", "seen"), [("/a/../x", "/x"), ("//x", "/x"), ("/./x", "/x"), ("/a/%2e%2e/x", "/x"), ("/%78", "/x")]
)
def test_one_meaning_for_a_path(serve: Serve, origin: RecordingOrigin, target: str, seen: str) -> None:
    gateway = serve({"/x": {"get": forward()}})
    assert gateway.get(target).status == 200
    assert origin.last.target == seen


def test_what_callers_say_about_themselves_is_not_believed(serve: Serve, origin: RecordingOrigin) -> None:
    gateway = serve({"/x": {"get": forward()}})
    forged = [
        "x-forwarded-host: evil",
        "x-original-url: /admin",
        "forwarded: for=10.0.0.1;host=evil",
        "x-real-ip: 10.0.0.1",
        "x-forwarded-port: 1",
        "x-request-id: mine",
        "x-envoy-original-path: /admin",
        "x-forwarded-proto: https",
    ]
    answer = gateway.get("/x", *forged)
    assert origin.last.all("x-forwarded-host") == ["gateway"]
    for name in ("x-original-url", "forwarded", "x-real-ip", "x-forwarded-port"):
        assert origin.last.all(name) == []
    assert origin.last.all("x-envoy-original-path") == []
    assert origin.last.all("x-forwarded-proto") == ["http"]
    assert origin.last.one("x-request-id") == answer.one("zp-rid") != "mine"


def test_connect_is_refused(serve: Serve, origin: RecordingOrigin) -> None:
    gateway = serve({"/x": {"get": forward()}})
    answer = gateway.raw(b"CONNECT evil.example:443 HTTP/1.1\r\nhost: evil.example:443\r\n\r\nearly")
    assert answer.status in (400, 404, 501)
    assert origin.seen == []


def test_an_unasked_upgrade_does_not_reach_the_caller(serve: Serve, origin: RecordingOrigin) -> None:
    origin.reply = lambda seen: b"HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n"
    gateway = serve({"/x": {"get": forward()}})
    assert gateway.get("/x").status in (502, 503)


def test_no_server_details_in_responses(serve: Serve, origin: RecordingOrigin) -> None:
    gateway = serve({"/x": {"get": forward()}})
    answer = gateway.get("/x")
    assert [name for name, _ in answer.headers if name.lower().startswith("x-envoy")] == []
