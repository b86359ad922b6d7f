"""The shared secret: the origin sees exactly one genuine value, whatever a caller sends."""

from __future__ import annotations

import pytest

from tests.proxy.conftest import Serve, forward
from tests.support.origin import OK, RecordingOrigin
from tests.support.project import policy

SECRET = policy(
    "secret",
    "set-headers-inbound",
    "SetHeadersInboundPolicy",
    headers=[{"name": "backend-secret", "value": "$env(SECRET)"}],
)
GENUINE = ["the-one-genuine-secret"]


@pytest.mark.parametrize(
    "forged",
    [
        [],
        ["backend-secret: forged"],
        ["Backend-Secret: forged"],
        ["BACKEND-SECRET: forged", "backend-secret: again"],
        ["backend-secret:"],
        ["backend-secret: forged", "connection: backend-secret"],
    ],
)
def test_a_forged_copy_never_reaches_the_origin(serve: Serve, origin: RecordingOrigin, forged: list[str]) -> None:
    gateway = serve({"/x": {"get": forward(inbound=["secret"])}}, policies=[SECRET])
    assert gateway.get("/x", *forged).status == 200
    assert origin.last.all("backend-secret") == GENUINE


@pytest.mark.parametrize("name", ["backend_secret", "Backend_Secret", "x_y"])
def test_underscores_are_refused(serve: Serve, origin: RecordingOrigin, name: str) -> None:
    gateway = serve({"/x": {"get": forward(inbound=["secret"])}}, policies=[SECRET])
    assert gateway.get("/x", f"{name}: forged").status == 400
    assert origin.seen == []


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"GET /x HTTP/1.1\r\nhost: g\r\nx-a: 1\nbackend-secret: forged\r\nconnection: close\r\n\r\n",
        b"GET /x HTTP/1.1\nhost: g\nbackend-secret: forged\nconnection: close\n\n",
        b"GET /x HTTP/1.1\r\nhost: g\r\nbackend-secret: forged\nconnection: close\r\n\nGET /x?hidden HTTP/1.1\n\n",
    ],
)
def test_a_bare_line_feed_hides_nothing(serve: Serve, origin: RecordingOrigin, request_bytes: bytes) -> None:
    """Envoy takes it for the end of a line (RFC 9112 section 2.2 lets it) and writes whole ones: what we see, the
    origin sees (threat D4)."""
    gateway = serve({"/x": {"get": forward(inbound=["secret"])}}, policies=[SECRET])
    assert gateway.raw(request_bytes).status == 200
    assert [(seen.target, seen.all("backend-secret")) for seen in origin.seen] == [("/x", GENUINE)]
    assert [value for name, value in origin.last.headers if "forged" in name + value] == []


def test_a_forged_copy_in_trailers_is_dropped(serve: Serve, origin: RecordingOrigin) -> None:
    key = policy("key", "set-upstream-api-key-inbound", "SetUpstreamApiKeyInboundPolicy", value="Bearer $env(SECRET)")
    gateway = serve({"/x": {"post": forward(inbound=["secret", "key"])}}, policies=[SECRET, key])
    request = (
        b"POST /x HTTP/1.1\r\nhost: g\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n"
        b"2\r\nhi\r\n0\r\nbackend-secret: forged\r\nauthorization: forged\r\nx-kept: yes\r\n\r\n"
    )
    assert gateway.raw(request).status == 200
    assert origin.last.all("backend-secret") == GENUINE
    assert origin.last.trailers == (("x-kept", "yes"),)


def test_routes_without_the_proof_do_not_pass_a_callers_copy(serve: Serve, origin: RecordingOrigin) -> None:
    paths = {"/x": {"get": forward(inbound=["secret"])}, "/open": {"get": forward()}}
    gateway = serve(paths, policies=[SECRET])
    gateway.get("/open", "backend-secret: forged")
    assert origin.last.all("backend-secret") == []


def test_a_response_does_not_carry_the_secret_header_back(serve: Serve, origin: RecordingOrigin) -> None:
    origin.reply = lambda seen: OK.replace(
        b"\r\n\r\n", b"\r\nbackend-secret: " + seen.one("backend-secret").encode() + b"\r\n\r\n"
    )
    gateway = serve({"/x": {"get": forward(inbound=["secret"])}}, policies=[SECRET])
    assert gateway.get("/x").all("backend-secret") == []


def test_the_secret_replaces_the_callers_authorization_only_where_it_is_the_proof(
    serve: Serve, origin: RecordingOrigin
) -> None:
    key = policy("key", "set-upstream-api-key-inbound", "SetUpstreamApiKeyInboundPolicy", value="Bearer $env(SECRET)")
    gateway = serve({"/x": {"get": forward(inbound=["key"])}, "/own": {"get": forward()}}, policies=[key])
    gateway.get("/x", "authorization: Bearer mine")
    assert origin.last.all("authorization") == ["Bearer the-one-genuine-secret"]
    gateway.get("/own", "authorization: Bearer mine")
    assert origin.last.all("authorization") == ["Bearer mine"]


def test_the_secret_is_last_and_survives_clearing(serve: Serve, origin: RecordingOrigin) -> None:
    clear = policy("clear", "clear-headers-inbound", "ClearHeadersInboundPolicy")
    gateway = serve({"/x": {"get": forward(inbound=["clear", "secret"])}}, policies=[SECRET, clear])
    gateway.get("/x", "x-a: 1")
    assert origin.last.all("backend-secret") == GENUINE
    assert origin.last.all("x-a") == []


def test_a_secret_in_the_query_replaces_the_callers_and_leaves_the_rest(serve: Serve, origin: RecordingOrigin) -> None:
    query = policy(
        "query",
        "set-query-params-inbound",
        "SetQueryParamsInboundPolicy",
        params=[{"name": "api key", "value": "$env(SECRET)"}],
    )
    gateway = serve({"/x": {"get": forward(inbound=["query"])}}, policies=[query])
    gateway.get("/x?a=1%262&api%20key=forged&api+key=again", "x-wicketgate-query-proof: forged")
    assert origin.last.target == "/x?a=1%262&api%20key=the-one-genuine-secret"
    assert origin.last.all("x-wicketgate-query-proof") == []
