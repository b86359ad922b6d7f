"""The built-in policies on the wire."""

from __future__ import annotations

from typing import Any

import pytest

from tests.proxy.conftest import Serve, forward
from tests.support.origin import OK, RecordingOrigin
from tests.support.project import policy


def _named(policy_type: str, export: str, **options: Any) -> list[Any]:
    return [policy("it", policy_type, export, **options)]


def test_set_headers_inbound(serve: Serve, origin: RecordingOrigin) -> None:
    headers = [{"name": "x-a", "value": "100%"}, {"name": "x-b", "value": "b", "overwrite": False}]
    gateway = serve(
        {"/x": {"get": forward(inbound=["it"])}},
        policies=_named("set-headers-inbound", "SetHeadersInboundPolicy", headers=headers),
    )
    gateway.get("/x", "x-a: mine", "x-a: twice", "x-b: mine")
    assert (origin.last.all("x-a"), origin.last.all("x-b")) == (["100%"], ["mine"])
    gateway.get("/x")
    assert origin.last.all("x-b") == ["b"]


def test_remove_and_clear_headers_inbound(serve: Serve, origin: RecordingOrigin) -> None:
    remove = policy("remove", "remove-headers-inbound", "RemoveHeadersInboundPolicy", headers=["X-A"])
    clear = policy("clear", "clear-headers-inbound", "ClearHeadersInboundPolicy", exclude=["x-keep", "x-ke"])
    paths = {"/r": {"post": forward(inbound=["remove"])}, "/c": {"post": forward(inbound=["clear"])}}
    gateway = serve(paths, policies=[remove, clear])
    gateway.get("/r", "x-a: 1", "x-b: 2", method="POST", body=b"hi")
    assert (origin.last.all("x-a"), origin.last.all("x-b")) == ([], ["2"])
    gateway.get("/c", "x-keep: 1", "x-kept: 2", "x-kee: 3", "accept: x", "x-ke: 4", method="POST", body=b"hi")
    seen = {name.lower() for name, _ in origin.last.headers}
    assert seen & {"x-keep", "x-ke", "x-kept", "x-kee", "accept"} == {"x-keep", "x-ke"}
    assert origin.last.body == b"hi"


def test_outbound_headers(serve: Serve, origin: RecordingOrigin) -> None:
    origin.reply = lambda seen: OK.replace(b"\r\n\r\n", b"\r\nx-powered-by: php\r\nx-keep: 1\r\n\r\n")
    policies = [
        policy("set", "set-headers-outbound", "SetHeadersOutboundPolicy", headers=[{"name": "x-set", "value": "1%"}]),
        policy("remove", "remove-headers-outbound", "RemoveHeadersOutboundPolicy", headers=["x-powered-by"]),
        policy("clear", "clear-headers-outbound", "ClearHeadersOutboundPolicy", exclude=["x-keep"]),
    ]
    paths = {"/a": {"get": forward(outbound=["remove", "set"])}, "/c": {"get": forward(outbound=["clear", "set"])}}
    gateway = serve(paths, policies=policies)
    a, c = gateway.get("/a"), gateway.get("/c")
    assert (a.all("x-powered-by"), a.all("x-keep"), a.all("x-set")) == ([], ["1"], ["1%"])
    assert (c.all("x-powered-by"), c.all("x-keep"), c.all("x-set"), c.body) == ([], ["1"], ["1%"], b"ok")


@pytest.mark.parametrize(
    ("target", "seen"),
    [
        ("/x", "/x?v=a%20b"),
        ("/x?v=1&v=2&w=%26", "/x?w=%26&v=a%20b"),
        ("/x?%76=1", "/x?v=a%20b"),
    ],
)
def test_set_query_params(serve: Serve, origin: RecordingOrigin, target: str, seen: str) -> None:
    policies = _named("set-query-params-inbound", "SetQueryParamsInboundPolicy", params=[{"name": "v", "value": "a b"}])
    serve({"/x": {"get": forward(inbound=["it"])}}, policies=policies).get(target)
    assert origin.last.target == seen


def test_set_query_params_without_overwrite_and_remove(serve: Serve, origin: RecordingOrigin) -> None:
    params = [{"name": "v", "value": "ours", "overwrite": False}]
    policies = [
        policy("set", "set-query-params-inbound", "SetQueryParamsInboundPolicy", params=params),
        policy("remove", "remove-query-params-inbound", "RemoveQueryParamsInboundPolicy", params=["a b"]),
    ]
    gateway = serve({"/x": {"get": forward(inbound=["set", "remove"])}}, policies=policies)
    gateway.get("/x?v=mine&a%20b=1&a+b=2&c=%23")
    assert origin.last.target == "/x?v=mine&c=%23"
    gateway.get("/x")
    assert origin.last.target == "/x?v=ours"


def test_set_status(serve: Serve, origin: RecordingOrigin) -> None:
    gateway = serve(
        {"/x": {"get": forward(outbound=["it"])}},
        policies=_named("set-status-outbound", "SetStatusOutboundPolicy", status=418),
    )
    answer = gateway.get("/x")
    assert (answer.status, answer.body) == (418, b"ok")


def test_composite(serve: Serve, origin: RecordingOrigin) -> None:
    policies = [
        policy("a", "set-headers-inbound", "SetHeadersInboundPolicy", headers=[{"name": "x-a", "value": "1"}]),
        policy("b", "remove-headers-inbound", "RemoveHeadersInboundPolicy", headers=["x-b"]),
        policy("both", "composite-inbound", "CompositeInboundPolicy", policies=["a", "b"]),
        policy("s", "set-headers-outbound", "SetHeadersOutboundPolicy", headers=[{"name": "x-o", "value": "1"}]),
        policy("out", "composite-outbound", "CompositeOutboundPolicy", policies=["s"]),
    ]
    gateway = serve({"/x": {"get": forward(inbound=["both"], outbound=["out"])}}, policies=policies)
    answer = gateway.get("/x", "x-b: 1")
    assert (origin.last.all("x-a"), origin.last.all("x-b"), answer.all("x-o")) == (["1"], [], ["1"])


@pytest.mark.parametrize("trust", [True, False])
def test_request_size_limit(serve: Serve, origin: RecordingOrigin, trust: bool) -> None:
    limit = policy(
        "it",
        "request-size-limit-inbound",
        "RequestSizeLimitInboundPolicy",
        maxSizeInBytes=10,
        trustContentLengthHeader=trust,
    )
    teapot = policy("teapot", "set-status-outbound", "SetStatusOutboundPolicy", status=418)
    gateway = serve({"/x": {"post": forward(inbound=["it"], outbound=["teapot"])}}, policies=[limit, teapot])
    assert gateway.get("/x", method="POST", body=b"x" * 10).status == 418
    refused = gateway.get("/x", method="POST", body=b"x" * 11)
    assert (refused.status, refused.json()["title"]) == (413, "Request Entity Too Large")
    head = b"POST /x HTTP/1.1\r\nhost: g\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n"
    assert gateway.raw(head + b"b\r\n01234567890\r\n0\r\n\r\n").status == (418 if trust else 413)
