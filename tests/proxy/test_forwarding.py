"""URL Forward, URL Rewrite, redirects and served descriptions."""

from __future__ import annotations

import json

import pytest

from tests.proxy.conftest import Serve, forward, rewrite
from tests.support.origin import RecordingOrigin
from tests.support.project import handler, operation


@pytest.mark.parametrize(
    ("base", "target", "seen"),
    [
        ("", "/a/b", "/a/b"),
        ("", "/a/b?x=1&y=%20", "/a/b?x=1&y=%20"),
        ("/", "/a/b", "/a/b"),
        ("/v1", "/a/b?x", "/v1/a/b?x"),
        ("/v1/", "/a/b", "/v1/a/b"),
        ("/v%201/%C3%A9", "/a/b", "/v%201/%C3%A9/a/b"),
    ],
)
def test_forward_puts_the_path_behind_the_base(
    serve: Serve, origin: RecordingOrigin, base: str, target: str, seen: str
) -> None:
    gateway = serve({"/a/{x}": {"get": forward("${env.ORIGIN}" + base)}})
    assert gateway.get(target).status == 200
    assert origin.last.target == seen
    assert origin.last.one("host") == origin.url.removeprefix("http://")


def test_forward_search_off_drops_the_query(serve: Serve, origin: RecordingOrigin) -> None:
    gateway = serve({"/a": {"get": forward("${env.ORIGIN}/v1", forwardSearch=False)}})
    gateway.get("/a?x=1")
    assert origin.last.target == "/v1/a"


@pytest.mark.parametrize(
    ("pattern", "target", "seen"),
    [
        ("/v2/${params.id}", "/u/42", "/v2/42"),
        ("/v2/${params.id}", "/u/42?x=1", "/v2/42?x=1"),
        ("/v2/${params.id}/100%25", "/u/a%20b", "/v2/a%20b/100%25"),
        ("/v2?id=${params.id}", "/u/42", "/v2?id=42"),
        ("/v2?id=${params.id}", "/u/42?x=1", "/v2?id=42&x=1"),
        ("/v2?id=${params.id}", "/u/42&admin=1", "/v2?id=42%26admin%3D1"),
        ("/v2/${query.q}", "/u/1?q=a%2Fb%20c", "/v2/a%2Fb%20c?q=a%2Fb%20c"),
        ("/v2/${e(query.q)}", "/u/1?q=a+b", "/v2/a%20b?q=a+b"),
        ("/v2/${query.missing}x", "/u/1", "/v2/x"),
        ('/v2/${headers.get("X-Team")}', "/u/1", "/v2/red%20%26%3F"),
        ("/v2${pathname}", "/u/1?x", "/v2/u/1?x"),
        ("/v2/${method}/${requestId}", "/u/1", None),
        ("/v2?u=${encodeURIComponent(pathname)}", "/u/1", "/v2?u=%2Fu%2F1"),
        ("/v2?host=${hostname}&port=${port}&p=${protocol}", "/u/1", "/v2?host=gateway&port=&p=http%3A"),
        ("", "/u/1", "/"),
    ],
)
def test_rewrite_fills_in_the_pattern(
    serve: Serve, origin: RecordingOrigin, pattern: str, target: str, seen: str | None
) -> None:
    if seen is None:
        pattern = pattern.replace("${requestId}", "${context.requestId}")
    gateway = serve({"/u/{id}": {"get": rewrite(pattern)}})
    answer = gateway.get(target, "x-team: red &?")
    assert answer.status == 200
    assert origin.last.target == (seen or f"/v2/GET/{answer.one('zp-rid')}")


@pytest.mark.parametrize("value", ["..", ".", "%2e%2e", "%2E."])
def test_a_value_cannot_climb_out_of_its_folder(serve: Serve, origin: RecordingOrigin, value: str) -> None:
    gateway = serve({"/u": {"get": rewrite("/files/${query.name}/x")}})
    assert gateway.get(f"/u?name={value}").status == 400
    assert origin.seen == []


def test_rewrite_without_the_callers_query(serve: Serve, origin: RecordingOrigin) -> None:
    gateway = serve({"/u/{id}": {"get": rewrite("/v2/${params.id}", forwardSearch=False)}})
    gateway.get("/u/7?x=1")
    assert origin.last.target == "/v2/7"


def test_url_pattern_routes(serve: Serve, origin: RecordingOrigin) -> None:
    item = {"x-zuplo-path": {"pathMode": "url-pattern"}, "get": rewrite("/n/${params.id}")}
    gateway = serve({"/items/:id(\\d+)": item})
    assert gateway.get("/items/42").status == 200
    assert origin.last.target == "/n/42"
    assert gateway.get("/items/x").status == 404


@pytest.mark.parametrize("status", [300, 301, 302, 303, 307, 308])
def test_redirects(serve: Serve, status: int) -> None:
    to = "https://elsewhere.example/100%25?x=%7B"
    gateway = serve({"/old": {"get": operation(handler("redirectHandler", location=to, status=status))}})
    answer = gateway.get("/old")
    assert (answer.status, answer.one("location"), answer.body) == (status, to, b"")


def test_redirects_of_the_origin_go_back_to_the_caller(serve: Serve, origin: RecordingOrigin) -> None:
    origin.reply = lambda seen: b"HTTP/1.1 302 Found\r\nlocation: https://evil.example/\r\ncontent-length: 0\r\n\r\n"
    gateway = serve({"/x": {"get": forward()}})
    answer = gateway.get("/x")
    assert (answer.status, answer.one("location")) == (302, "https://evil.example/")


def test_the_description_is_served_without_the_gateways_parts(serve: Serve) -> None:
    spec = operation(handler("openApiSpecHandler", openApiFilePath="config/routes.oas.json"), summary="x" * 10_000)
    gateway = serve({"/openapi": {"get": spec}, "/hidden": {"get": {**forward(), "x-internal": True}}})
    answer = gateway.get("/openapi")
    assert answer.one("content-type") == "application/json"
    document = json.loads(answer.body)
    assert document["paths"]["/openapi"]["get"] == {"summary": "x" * 10_000}
    assert "get" not in document["paths"]["/hidden"]


def test_the_first_route_in_document_order_answers(serve: Serve, origin: RecordingOrigin) -> None:
    paths = {
        "/a/{x}": {"get": rewrite("/first")},
        "/a/b": {"get": rewrite("/second")},
        "/c": {"get": rewrite("/third")},
    }
    gateway = serve(paths)
    for target, seen in (("/a/b", "/first"), ("/a/z", "/first"), ("/c", "/third")):
        gateway.get(target)
        assert origin.last.target == seen
