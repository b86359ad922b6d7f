"""What is read of a signed request, when, and what the application gets of it."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import dataclass, field, replace
from io import BytesIO
from typing import Any

import pytest
from guards.python.tests.signer import NOW, POST, guarding, signed

from wicketgate_guard import GuardConfigurationError, SignatureGuardASGI, SignatureGuardWSGI
from wicketgate_guard._canonical import SignedRequest

FORGED = replace(POST, headers=[*[f for f in POST.headers if f[0] != b"x-tenant"], (b"x-tenant", b"b")])
LARGE = b"x" * (3 << 20)
UNSIGNED = signed("POST", body=LARGE, payload="UNSIGNED-PAYLOAD")


@dataclass
class Asked:
    """An application behind the guard, what it got, and what was read and answered for it."""

    messages: list[Any]
    reads: int = 0
    scopes: list[Any] = field(default_factory=list)
    got: list[Any] = field(default_factory=list)
    sent: list[Any] = field(default_factory=list)

    @property
    def status(self) -> int:
        return int(self.sent[0]["status"])

    @property
    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.got)

    async def app(self, scope: Any, receive: Any, send: Any) -> None:
        self.scopes.append(scope)
        if scope["type"] == "websocket":
            await send({"type": "websocket.accept"})
            return
        self.got.append(await receive())
        while self.got[-1].get("more_body"):
            self.got.append(await receive())
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def receive(self) -> Any:
        self.reads += 1
        return self.messages.pop(0)

    async def send(self, message: Any) -> None:
        self.sent.append(message)


def _chunks(*parts: bytes) -> list[Any]:
    return [{"type": "http.request", "body": part, "more_body": at + 1 < len(parts)} for at, part in enumerate(parts)]


def _ask(
    request: SignedRequest, messages: list[Any], *, root_path: str = "", scope: Any = None, **options: Any
) -> Asked:
    asked = Asked(messages)
    path, _, query = request.target.partition(b"?")
    found = {
        "type": "http",
        "method": request.method,
        "path": path.decode(),
        "raw_path": path,
        "query_string": query,
        "headers": list(request.headers),
        **(scope or {}),
    }
    guarded = SignatureGuardASGI(asked.app, guarding(**options), root_path=root_path)
    asyncio.run(guarded(found, asked.receive, asked.send))
    return asked


@pytest.mark.parametrize(("body", "status"), [(b"amount=1", 200), (b"amount=9", 401), (b"", 401)])
def test_an_application_gets_the_body_that_was_checked(body: bytes, status: int) -> None:
    asked = _ask(POST, _chunks(body))
    assert asked.status == status
    assert asked.body == (body if status == 200 else b"")


@pytest.mark.parametrize("at", [NOW - 301, NOW + 61])
def test_a_body_is_not_read_for_a_signature_of_another_time(at: float, caplog: pytest.LogCaptureFixture) -> None:
    asked = _ask(signed("POST", body=b"amount=1", at=at), [])
    assert (asked.status, asked.reads) == (401, 0)
    assert ("301 s old" if at < NOW else "61 s ahead") in caplog.text


@pytest.mark.parametrize(
    "request_", [FORGED, replace(POST, target=b"/admin"), replace(POST, headers=[(b"host", b"orders.internal")])]
)
def test_nothing_is_read_of_what_the_gateway_has_not_signed(request_: SignedRequest) -> None:
    asked = _ask(request_, _chunks(LARGE))
    assert (asked.status, asked.reads) == (401, 0)


def test_no_more_is_read_than_the_limit() -> None:
    asked = _ask(POST, _chunks(*[b"x" * 65536] * 48))
    assert (asked.status, asked.reads) == (401, 17)


def test_a_body_that_is_not_signed_is_not_read_where_that_is_allowed() -> None:
    asked = _ask(UNSIGNED, _chunks(LARGE[:9], LARGE[9:]), unsigned_payload=True)
    assert (asked.status, len(asked.got), asked.body == LARGE) == (200, 2, True)
    assert _ask(UNSIGNED, _chunks(LARGE)).status == 401


def test_many_small_parts_are_kept_in_one() -> None:
    asked = _ask(POST, _chunks(*[b"%c" % byte for byte in b"amount=1"]))
    assert (asked.status, len(asked.got), asked.body) == (200, 1, b"amount=1")


@pytest.mark.parametrize("request_", [POST, FORGED])
def test_who_only_watches_gets_all_of_it(request_: SignedRequest) -> None:
    for body in (LARGE[:5], LARGE):
        asked = _ask(request_, _chunks(body[:3], body[3:]), mode="observe")
        assert (asked.status, asked.body == body) == (200, True)


def test_a_caller_who_goes_away_is_refused() -> None:
    gone: list[Any] = [{"type": "http.request", "body": b"amou", "more_body": True}, {"type": "http.disconnect"}]
    assert _ask(POST, list(gone)).status == 401
    watching = _ask(POST, list(gone), mode="observe")
    assert [message["type"] for message in watching.got] == ["http.request", "http.disconnect"]


def test_a_field_without_a_value_is_kept_from_the_application() -> None:
    """It is not signed: somebody on the way may have put it in front of the one that is."""
    request = signed(x_tenant="a", x_alone="")
    fields = [(b"x-tenant", b""), *request.headers, (b"x-other", b"")]
    asked = _ask(replace(request, headers=fields), _chunks(b""))
    assert asked.status == 200
    seen = asked.scopes[0]["headers"]
    assert [value for name, value in seen if name == b"x-tenant"] == [b"a"]
    assert {name for name, value in seen if not value} == {b"x-alone", b"x-other"}


@pytest.mark.parametrize("first", [True, False])
def test_stores_for_a_loop_are_awaited(*, first: bool) -> None:
    class Store:
        async def first(self, *_: object) -> bool:
            await asyncio.sleep(0)
            return first

    assert _ask(POST, _chunks(POST.body), replay=Store()).status == (200 if first else 401)


def test_a_store_that_is_shared_does_not_hold_up_the_loop() -> None:
    threads: list[str] = []

    class Shared:
        def first(self, *_: object) -> bool:
            threads.append(threading.current_thread().name)
            return True

    assert _ask(POST, _chunks(POST.body), replay=Shared()).status == 200
    assert [name.startswith("wicketgate-guard") for name in threads] == [True]


def test_a_websocket_opens_with_a_signature_only() -> None:
    connect: list[Any] = [{"type": "websocket.connect"}]
    request = signed(sec_websocket_key="dGhlIHNhbXBsZSBub25jZQ==")
    socket = {"type": "websocket", "extensions": {}}
    assert _ask(request, [], scope=socket).sent[0]["type"] == "websocket.accept"
    assert _ask(replace(request, target=b"/x"), list(connect), scope=socket).sent[0]["type"] == "websocket.close"
    told = {"type": "websocket", "extensions": {"websocket.http.response": {}}}
    assert _ask(replace(request, target=b"/x"), list(connect), scope=told).status == 401
    assert _ask(POST, list(connect), scope=socket).sent[0]["type"] == "websocket.close", "it has no body"


@pytest.mark.parametrize(
    ("root_path", "scope", "status"),
    [
        ("", {}, 200),
        # uvicorn --root-path /api
        ("/api", {"path": "/api/a b", "raw_path": b"/api/a%20b", "root_path": "/api"}, 200),
        ("", {"path": "/api/a b", "raw_path": b"/api/a%20b", "root_path": "/api"}, 401),
        # hypercorn --root-path /api, FastAPI(root_path="/api"), a mount
        ("", {"root_path": "/api"}, 200),
        ("/api", {"root_path": "/api"}, 401),
        # a server that tells the decoded path only
        ("/api", {"path": "/api/a b", "raw_path": None}, 200),
        ("/api", {"path": "/apia b", "raw_path": None}, 401),
        ("/api", {"path": "/api", "raw_path": b"/api"}, 401),
    ],
)
def test_a_prefix_of_the_server_is_taken_off_where_that_is_said(root_path: str, scope: Any, status: int) -> None:
    asked = _ask(signed(target="/a%20b"), _chunks(b""), root_path=root_path, scope=scope)
    assert asked.status == status


@pytest.mark.parametrize("root_path", ["api", "/", "/a b", "/a?b", "/ä", "https://x/api"])
def test_a_prefix_that_is_no_path_is_refused(root_path: str) -> None:
    with pytest.raises(GuardConfigurationError):
        SignatureGuardASGI(Asked([]).app, guarding(), root_path=root_path)


def _environ(request: SignedRequest, body: Any) -> dict[str, Any]:
    path, _, query = request.target.decode().partition("?")
    return {
        "REQUEST_METHOD": request.method,
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "CONTENT_LENGTH": str(len(request.body)),
        "wsgi.input": body,
        **{f"HTTP_{name.decode().upper().replace('-', '_')}": value.decode() for name, value in request.headers},
    }


def _call(environ: dict[str, Any], **options: Any) -> tuple[str, bytes, Any]:
    """Return the status, the body that the application read, and its environment."""
    statuses: list[str] = []
    seen: list[dict[str, Any]] = []

    def app(environ: dict[str, Any], start: Any) -> list[bytes]:
        seen.append(environ)
        start("200 OK", [])
        return [environ["wsgi.input"].read()]

    answer = SignatureGuardWSGI(app, guarding(**options))(environ, lambda line, _: statuses.append(line))
    return statuses[0][:3], b"".join(answer) if seen else b"", seen[0] if seen else None


@pytest.mark.parametrize(("body", "status"), [(b"amount=1", "200"), (b"amount=9", "401")])
def test_wsgi_applications_get_the_body_that_was_checked(body: bytes, status: str) -> None:
    assert _call(_environ(POST, BytesIO(body)))[:2] == (status, body if status == "200" else b"")


def test_wsgi_reads_nothing_of_what_the_gateway_has_not_signed() -> None:
    body = BytesIO(LARGE)
    assert _call(_environ(replace(FORGED, body=LARGE), body))[0] == "401"
    assert body.tell() == 0
    assert _call(_environ(replace(POST, body=LARGE), body))[0] == "401"
    assert body.tell() == (1 << 20) + 1


def test_wsgi_does_not_read_a_body_that_is_not_signed() -> None:
    environ = _environ(UNSIGNED, BytesIO(LARGE))
    status, body, seen = _call(environ, unsigned_payload=True)
    assert (status, body == LARGE, seen["wsgi.input"] is environ["wsgi.input"]) == ("200", True, True)


@pytest.mark.parametrize("request_", [POST, FORGED])
def test_wsgi_gives_all_of_it_to_who_only_watches(request_: SignedRequest) -> None:
    for body in (LARGE[:5], LARGE):
        status, read, _ = _call(_environ(replace(request_, body=body), BytesIO(body)), mode="observe")
        assert (status, read == body) == ("200", True)


def test_wsgi_keeps_a_type_from_the_application_that_the_server_made_up() -> None:
    """wsgiref says `text/plain` for a request without one."""
    status, _, seen = _call({**_environ(signed(), BytesIO(b"")), "CONTENT_TYPE": "text/plain"})
    assert (status, "CONTENT_TYPE" in seen) == ("200", False)
    assert _call({**_environ(signed(), BytesIO(b"")), "CONTENT_TYPE": "text/html"})[0] == "401"
    request = signed(content_type="text/plain")
    environ = _environ(request, BytesIO(b""))
    environ["CONTENT_TYPE"] = environ.pop("HTTP_CONTENT_TYPE")
    assert _call(environ)[2]["CONTENT_TYPE"] == "text/plain"
