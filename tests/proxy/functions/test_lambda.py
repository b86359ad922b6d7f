"""Lambda functions behind the gateway: the events that they get, and what becomes of their results.

The function is an ASGI application behind Mangum, which reads and writes API Gateway's formats by itself.
"""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mangum import Mangum

from tests.support.gateway import Answer, Gateway
from tests.support.http2 import Http2Answer, http2_request
from tests.support.lambda_gateway import KEY, PATH, Function, Shared, result
from tests.support.origin import Seen
from tests.support.sigv4 import expected


@dataclass
class Application:
    """What an ASGI application was asked, and what it says."""

    scope: Any = None
    body: bytes = b""
    status: int = 200
    headers: tuple[tuple[str, str], ...] = (("content-type", "text/plain"),)
    answer: bytes = b"hello"

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.scope, self.body = scope, b""
        while True:
            message = await receive()
            self.body += message.get("body", b"")
            if not message.get("more_body"):
                break
        headers = [(name.encode(), value.encode()) for name, value in self.headers]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": self.answer})

    def result(self, event: Any) -> bytes:
        loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
        try:
            return json.dumps(Mangum(self, lifespan="off")(event, {})).encode()  # type: ignore[arg-type]
        finally:
            asyncio.set_event_loop(None)
            loop.close()


TEXT = st.text(max_size=12)
SEGMENT = st.text(min_size=1, max_size=10).filter(lambda text: text.strip(".") and not set(text) & set("/\\\x00"))
QUERY = st.lists(st.tuples(TEXT.filter(bool), TEXT), max_size=4)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(way=st.sampled_from("12"), tenant=SEGMENT, query=QUERY, body=st.binary(max_size=300), header=TEXT)
def test_an_application_sees_what_the_caller_sent(
    shared: Shared, way: str, tenant: str, query: list[tuple[str, str]], body: bytes, header: str
) -> None:
    gateway, origin = shared
    application, function = Application(answer=body or b"-"), Function()
    function.result = application.result
    origin.reply = function.reply
    fields = "&".join(f"{quote(name, safe='')}={quote(text, safe='')}" for name, text in query)
    target = f"/{way}/{quote(tenant, safe='')}/x" + (f"?{fields}" if fields else "")
    value = "".join(char for char in header if char.isprintable()).strip()
    sent = f"x-tenant: {value}".encode().decode("latin-1")
    answer = gateway.get(target, sent, "cookie: a=1; b=2", "x-two: 1", "x-two: 2", method="POST", body=body)
    assert (answer.status, answer.body) == (200, body or b"-"), answer
    assert application.body == body
    scope = application.scope
    assert (scope["method"], scope["path"]) == ("POST", f"/{way}/{tenant}/x")
    _assert_query(scope["query_string"].decode(), query, joined=way == "2")
    headers = {name.decode(): text for name, text in scope["headers"]}
    assert headers.get("x-tenant", b"").decode() == value
    assert headers["cookie"].decode().replace("; ", ";") == "a=1;b=2"
    assert function.event["pathParameters"] == {"tenant": tenant, "rest": "x"}
    assert origin.last.one("authorization") == expected(origin.last, KEY)


def _assert_query(found: str, query: list[tuple[str, str]], *, joined: bool) -> None:
    if joined:
        wanted = "&".join(f"{quote(name, safe='')}={quote(text, safe='')}" for name, text in query)
        assert parse_qsl(found, keep_blank_values=True) == parse_qsl(wanted, keep_blank_values=True)
    else:
        assert sorted(parse_qsl(found, keep_blank_values=True)) == sorted(query)


def test_lambda_gets_the_event_and_nothing_beside_it(gateway: Gateway, function: Function, shared: Shared) -> None:
    sent = ("authorization: Bearer callers", "cookie: a=1", "x-amz-invocation-type: Event", "x-amz-log-type: Tail")
    assert gateway.get("/2/t/x?y=1", *sent, "accept: text/plain").status == 200
    seen = shared[1].last
    assert (seen.method, seen.target) == ("POST", PATH.format("orders"))
    assert {name.lower() for name, _ in seen.headers} == {
        "authorization",
        "content-length",
        "content-type",
        "host",
        "x-amz-content-sha256",
        "x-amz-date",
        "x-envoy-attempt-count",
        "x-request-id",
    }
    assert seen.one("authorization").startswith("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/")
    assert seen.one("content-type") == "application/json"
    assert function.event["headers"]["authorization"] == "Bearer callers"
    assert function.event["headers"]["x-amz-invocation-type"] == "Event"


def test_the_fields_of_format_1(gateway: Gateway, function: Function) -> None:
    function.result = lambda event: b'{"statusCode": 204}'
    assert gateway.get("/1/a%20b/x?q=1&q=2&empty", "X-One: 1", "user-agent: me", method="PUT").status == 204
    event = function.event
    context = event.pop("requestContext")
    assert event.pop("headers")["x-one"] == "1"
    assert event.pop("multiValueHeaders")["x-one"] == ["1"]
    assert event == {
        "version": "1.0",
        "resource": "/1/{tenant}/{rest}",
        "path": "/1/a%20b/x",
        "httpMethod": "PUT",
        "queryStringParameters": {"q": "2", "empty": ""},
        "multiValueQueryStringParameters": {"q": ["1", "2"], "empty": [""]},
        "pathParameters": {"tenant": "a b", "rest": "x"},
        "stageVariables": None,
        "body": None,
        "isBase64Encoded": False,
    }
    assert context["identity"]["sourceIp"] == "127.0.0.1"
    assert (context["identity"]["userAgent"], context["protocol"]) == ("me", "HTTP/1.1")
    assert (context["httpMethod"], context["resourcePath"], context["stage"]) == ("PUT", event["resource"], "$default")


def test_the_fields_of_format_2(gateway: Gateway, function: Function) -> None:
    function.result = lambda event: b'{"statusCode": 204}'
    answer = gateway.get("/2/t/x?q=1&q=2", "host: api.example.com:8443", "cookie: a=1;  b=2", "x-two: 1", "x-two: 2")
    event = function.event
    context = event.pop("requestContext")
    headers = event.pop("headers")
    assert (headers["x-two"], headers["host"]) == ("1,2", "api.example.com:8443")
    assert "cookie" not in headers
    assert event == {
        "version": "2.0",
        "routeKey": "GET /2/{tenant}/{rest}",
        "rawPath": "/2/t/x",
        "rawQueryString": "q=1&q=2",
        "cookies": ["a=1", "b=2"],
        "queryStringParameters": {"q": "1,2"},
        "pathParameters": {"tenant": "t", "rest": "x"},
        "isBase64Encoded": False,
    }
    assert (context["domainName"], context["domainPrefix"]) == ("api.example.com", "api")
    assert context["http"]["path"] == "/2/t/x"
    assert context["requestId"] == answer.one("zp-rid")
    assert abs(context["timeEpoch"] / 1000 - time.time()) < 60


def test_without_proxy_integration_there_is_no_context(gateway: Gateway, function: Function, shared: Shared) -> None:
    for way, target in (
        ("bare", "orders"),
        ("bare2", quote("arn:aws:lambda:eu-west-1:123456789012:function:o:7", safe="")),
    ):
        answer = gateway.get(f"/{way}/t/x")
        assert (answer.status, answer.body) == (200, b"unset")
        assert answer.one("content-type") == "application/json"
        assert "requestContext" not in function.event
        assert shared[1].last.target == PATH.format(target)


@pytest.mark.parametrize(
    ("kind", "body", "encoded"),
    [
        ("application/json", b'{"a": "\xc3\xa4\\"\x00\x1f\x7f"}', False),
        ("text/plain", b"\xff\xfe", True),
        ("text/plain", "\ud7ff\ue000\U0010ffff".encode(), False),
        ("text/plain", b"\xed\xa0\x80", True),
        ("text/plain", b"\xc0\xaf", True),
        ("text/plain", b"\xf4\x90\x80\x80", True),
        ("image/png", b"text", True),
        ("IMAGE/PNG; a=b", b"text", True),
        ("imagex/png", b"text", False),
    ],
)
def test_a_body_is_text_or_base64(gateway: Gateway, function: Function, kind: str, body: bytes, encoded: bool) -> None:
    gateway.get("/1/t/x", f"content-type: {kind}", method="POST", body=body)
    found = function.event["body"]
    assert function.event["isBase64Encoded"] is encoded
    assert (base64.b64decode(found) if encoded else found.encode()) == body


Check = Callable[[Answer], bool]


@pytest.mark.parametrize(
    ("way", "returned", "check"),
    [
        ("1", result(statusCode=201, body="hi"), lambda a: (a.status, a.body) == (201, b"hi")),
        ("1", result(statusCode="404"), lambda a: (a.status, a.body) == (404, b"")),
        (
            "1",
            result(statusCode=200, headers={"X-A": "1", "X-B": 2, "X-C": True}),
            lambda a: _has(a, "1", "2", "true"),
        ),
        (
            "1",
            result(statusCode=200, headers={"a": "1", "b": "2"}, multiValueHeaders={"a": ["1", "3"]}),
            lambda a: (sorted(a.all("a")), a.all("b")) == (["1", "3"], ["2"]),
        ),
        ("1", result(statusCode=200, headers={"X-Internal": "secret"}), lambda a: not a.all("x-internal")),
        (
            "1",
            result(statusCode=200, headers={"Content-Length": "9", "Connection": "x"}, body="ab"),
            lambda a: a.body == b"ab",
        ),
        ("1", result(statusCode=200, body="eA==", isBase64Encoded=True), lambda a: a.body == b"x"),
        ("1", result(statusCode=200, body="eA", isBase64Encoded=True), lambda a: a.body == b"x"),
        ("1", result(statusCode=200, body="eHk", isBase64Encoded=True), lambda a: a.body == b"xy"),
        ("1", result(statusCode=200, body="+/8A", isBase64Encoded=True), lambda a: a.body == b"\xfb\xff\x00"),
        (
            "1",
            result(statusCode=200, body='\u00e4\U0001f600\n"\\/\x7f\u2028'),
            lambda a: a.body.decode() == '\u00e4\U0001f600\n"\\/\x7f\u2028',
        ),
        ("1", result(statusCode=204, body="none"), lambda a: (a.status, a.body) == (204, b"")),
        ("2", result(statusCode=200, cookies=["a=1", "b=2"]), lambda a: a.all("set-cookie") == ["a=1", "b=2"]),
        ("2", b'{"any": [1, 2.5e3]}', lambda a: (a.status, a.body) == (200, b'{"any": [1, 2.5e3]}')),
        (
            "2",
            b'"Hello \\u00e4"',
            lambda a: (a.body.decode(), a.one("content-type")) == ("Hello \u00e4", "application/json"),
        ),
        ("2", b"null", lambda a: (a.status, a.body) == (200, b"null")),
        ("bare", b'{"any": "thing"}', lambda a: a.json() == {"any": "thing"}),
        ("bare", b"[" * 5000 + b"]" * 5000, lambda a: (a.status, a.body[:2]) == (200, b"[[")),
        ("2", b'{"body": ' + b'{"a":' * 100 + b"1" + b"}" * 101, lambda a: a.body.count(b"{") == 101),
        ("1", b'{"x": ' + b'["}\\""' + b",[" * 99 + b"]" * 100 + b', "statusCode": 201}', lambda a: a.status == 201),
        ("1", b'{"statusCode": 500, "\\u0073tatusCode": 202}', lambda a: a.status == 202),
        ("1", b'{"statusCode": 200, "body": "\\ud83d\\ude00\\ud800\\udc0"}', lambda a: a.status == 502),
        (
            "1",
            b'{"statusCode": 200, "body": "\\ud83d\\uDE00\\ud800x\\udc00"}',
            lambda a: a.body.decode() == "\U0001f600\ufffdx\ufffd",
        ),
    ],
)
def test_a_result_becomes_an_answer(
    gateway: Gateway, function: Function, way: str, returned: bytes, check: Check
) -> None:
    function.result = lambda event: returned
    answer = gateway.get(f"/{way}/t/x")
    assert check(answer), answer


def _has(answer: Answer, *values: str) -> bool:
    return [answer.one(f"x-{name}") for name in "abc"] == list(values)


@pytest.mark.parametrize(
    "returned",
    [
        b"",
        b"{",
        b"[1",
        b'{"statusCode": 200} x',
        b'"text"',
        b"{}",
        result(statusCode=101),
        result(statusCode=600),
        result(statusCode="2000"),
        result(statusCode=200.5),
        result(statusCode=None),
        result(statusCode=200, body={"not": "text"}),
        result(statusCode=200, body="!", isBase64Encoded=True),
        result(statusCode=200, body="e===", isBase64Encoded=True),
        result(statusCode=200, body="eHk=eHk=", isBase64Encoded=True),
        result(statusCode=200, body="=" * 3_000_000 + "eHkA", isBase64Encoded=True),
        result(statusCode=200, body="eA=", bodyEncoding="br"),
        result(statusCode=200, headers=["a"]),
        result(statusCode=200, headers={"a": ["1"]}),
        result(statusCode=200, headers={"a": "1\r\nset-cookie: b=2"}),
        result(statusCode=200, headers={"a\r\nb": "1"}),
        result(statusCode=200, headers={":status": "201"}),
        result(statusCode=200, headers={"a": "\x00"}),
        result(statusCode=200, multiValueHeaders={"a": "1"}),
        b'{"statusCode": 200, "body": "\\ud83d\\q"}',
        b'{"statusCode": 200, "body": "\n"}',
        b"[" * 5000 + b"]" * 5000,
        b'{"statusCode": 200, "headers": ' + b'{"a":' * 100 + b"1" + b"}" * 101,
        b'{"statusCode": 200, "x": [}]}',
        b'{"statusCode": 200, "x": ["]}',
        b'{"statusCode": 200, "x": nul}',
        b'{"statusCode": 200 "x": 1}',
        b'{"statusCode": 200, }',
        b'{"statusCode": 200, "body": "\\',
        result(statusCode=200, headers={f"x-{number}": "1" for number in range(501)}),
        result(statusCode=200, cookies=["a=1"] * 1001, multiValueHeaders={"a": ["1"] * 501}),
    ],
)
def test_what_is_no_result_is_a_bad_gateway(gateway: Gateway, function: Function, returned: bytes) -> None:
    function.result = lambda event: returned
    answer = gateway.get("/1/t/x?secret=1")
    assert answer.status == 502
    problem = answer.json()
    assert (problem["code"], problem["status"], problem["instance"]) == ("lambda-malformed", 502, "/1/t/x")
    assert problem["trace"]["requestId"] == answer.one("zp-rid")
    assert answer.one("content-type") == "application/problem+json"


@pytest.mark.parametrize(
    ("status", "headers", "answered", "code"),
    [
        ("200 OK", ("X-Amz-Function-Error: Unhandled",), 502, "lambda-function-error"),
        ("429 Too Many", ("Retry-After: 3", "x-amzn-errortype: TooManyRequestsException"), 503, "lambda-throttled"),
        ("413 Too Large", (), 413, "lambda-too-large"),
        ("403 Forbidden", ("x-amzn-errortype: AccessDeniedException",), 502, "lambda-refused"),
        ("404 Not Found", (), 502, "lambda-refused"),
        ("301 Moved", ("location: http://127.0.0.1:1/",), 502, "lambda-refused"),
        ("500 Oops", (), 502, "lambda-failed"),
    ],
)
def test_errors_of_lambda_are_told_in_our_words(
    gateway: Gateway, function: Function, status: str, headers: tuple[str, ...], answered: int, code: str
) -> None:
    function.status, function.headers = status, (*headers, "x-amzn-requestid: internal")
    function.result = lambda event: b'{"errorMessage": "stack", "stackTrace": ["secret place"]}'
    answer = gateway.get("/1/t/x")
    assert (answer.status, answer.json()["code"]) == (answered, code)
    assert b"stack" not in answer.body
    assert not answer.all("x-amzn-requestid") + answer.all("x-amzn-errortype") + answer.all("location")
    assert answer.all("retry-after") == (["3"] if answered == 503 else [])


@pytest.mark.parametrize("way", ["1", "2"])
def test_the_trace_id_goes_back_only_where_it_is_wanted(gateway: Gateway, function: Function, way: str) -> None:
    function.headers = ("X-Amzn-Trace-Id: root=1-5bef4de7",)
    function.result = lambda event: result(statusCode=200)
    assert gateway.get(f"/{way}/t/x").all("x-amzn-trace-id") == (["root=1-5bef4de7"] if way == "2" else [])


def test_a_head_has_no_body(gateway: Gateway, function: Function) -> None:
    function.result = lambda event: result(statusCode=200, body="hello")
    answer = gateway.get("/1/t/x", method="HEAD")
    assert (answer.status, answer.body, function.event["httpMethod"]) == (200, b"", "HEAD")
    assert answer.one("content-length") == "5"


def test_an_event_has_no_trailers(gateway: Gateway, shared: Shared) -> None:
    before = len(shared[1].seen)
    head = b"POST /1/t/x HTTP/1.1\r\nhost: g\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n"
    assert _refusal(gateway.raw(head + b"3\r\nabc\r\n0\r\nx-t: v\r\n\r\n")) == (400, "trailers-refused")
    fields = [(":method", "POST"), (":scheme", "http"), (":authority", "gateway"), (":path", "/2/t/x")]
    for body in (b"", b"over http/2"):
        answer = http2_request(gateway.envoy.port, fields, body=body, trailers=[("x-t", "v")])
        assert _refusal(answer) == (400, "trailers-refused")
    assert len(shared[1].seen) == before


def test_a_function_is_no_websocket(gateway: Gateway, shared: Shared) -> None:
    before = len(shared[1].seen)
    upgrade = ("connection: upgrade", "upgrade: websocket", "sec-websocket-key: AAAA", "sec-websocket-version: 13")
    request = "\r\n".join(["GET /1/t/x HTTP/1.1", "host: g", *upgrade, "", ""])
    assert _refusal(gateway.raw(request.encode())) == (400, "upgrade-refused")
    assert len(shared[1].seen) == before


def _refusal(answer: Answer | Http2Answer) -> tuple[int, str]:
    return answer.status, json.loads(answer.body)["code"]


def test_each_try_takes_the_same_event(gateway: Gateway, function: Function, shared: Shared) -> None:
    origin = shared[1]
    before = len(origin.seen)

    def reply(seen: Seen) -> bytes:
        if len(origin.seen) == before + 1:
            for connection in origin.open_connections():
                connection.shutdown(2)
        return function.reply(seen)

    origin.reply = reply
    function.result = lambda event: result(statusCode=200, body=event["httpMethod"])
    assert gateway.get("/1/t/x", "x-tenant: a").body == b"GET"
    first, second = origin.seen[before:]
    assert (first.body, first.target) == (second.body, second.target)
    assert second.one("authorization") == expected(second, KEY)


def test_logs_and_error_pages_tell_the_path_of_the_caller(gateway: Gateway, shared: Shared) -> None:
    """Which no header to Lambda tells: it stands in the stream's metadata."""
    asked = "/1/a%20b/path-of-the-caller?token=secret"
    shared[1].reply = _hang_up
    answer = gateway.get(asked, method="POST", body=b"body")
    assert (answer.status, answer.json()["instance"]) == (503, "/1/a%20b/path-of-the-caller")
    assert gateway.get("/unknown/path-of-nobody?token=secret").json()["instance"] == "/unknown/path-of-nobody"
    logged = _logged(gateway, "path-of-nobody")
    assert '"path":"/1/a%20b/path-of-the-caller"' in logged
    assert '"path":"/unknown/path-of-nobody"' in logged
    assert "token=secret" not in logged


def _hang_up(seen: Seen) -> bytes:
    raise OSError


def _logged(gateway: Gateway, until: str) -> str:
    for _ in range(200):
        text = gateway.envoy.log.read_text()
        if f'"path":"/unknown/{until}"' in text:
            return text
        time.sleep(0.1)
    raise AssertionError(text)
