"""What the middlewares add to the decision: the parts that a table of HTTP requests does not reach."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from wicketgate_guard import SecretGuard, SecretGuardASGI, SecretGuardWSGI

CURRENT = "5f1d9c0a7be24a6c8f3e2d1b0a9c8e7f"
GENUINE = (b"Backend-Secret", CURRENT.encode())


class _App:
    """Remembers the scopes that reached it."""

    def __init__(self) -> None:
        self.scopes: list[Any] = []

    async def __call__(self, scope: Any, _receive: Any, _send: Any) -> None:
        self.scopes.append(scope)


def _run(app: _App, scope: dict[str, Any], *, mode: str = "enforce") -> list[Any]:
    guard = SecretGuard(secrets=[CURRENT], mode=mode)  # type: ignore[arg-type]
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": f"{scope['type']}.connect"}

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(SecretGuardASGI(app, guard)(scope, receive, send))
    return sent


def test_lifespan_passes_untouched() -> None:
    app, scope = _App(), {"type": "lifespan", "state": {}}
    assert _run(app, scope) == []
    assert app.scopes == [scope]


def test_websocket_is_closed_before_it_is_accepted() -> None:
    app = _App()
    sent = _run(app, {"type": "websocket", "path": "/s", "headers": []})
    assert [message["type"] for message in sent] == ["websocket.close"]
    assert app.scopes == []


def test_websocket_gets_the_problem_where_the_server_can_send_one() -> None:
    extensions: dict[str, object] = {"websocket.http.response": {}}
    sent = _run(_App(), {"type": "websocket", "path": "/s", "headers": [], "extensions": extensions})
    assert [message["type"] for message in sent] == [
        "websocket.http.response.start",
        "websocket.http.response.body",
    ]
    assert sent[0]["status"] == 401


def test_genuine_websocket_passes() -> None:
    app = _App()
    assert _run(app, {"type": "websocket", "path": "/s", "headers": [GENUINE]}) == []
    assert app.scopes[0]["headers"] == []


def test_a_kind_of_scope_that_is_yet_to_come_is_guarded_too() -> None:
    app = _App()
    _run(app, {"type": "webtransport", "path": "/w", "headers": []})
    assert app.scopes == []


@pytest.mark.parametrize(("headers", "verdict"), [([GENUINE], "accepted"), ([], "missing")])
def test_asgi_application_finds_the_verdict_and_its_own_state(headers: Any, verdict: str) -> None:
    app, state = _App(), {"theirs": 1}
    _run(app, {"type": "http", "path": "/", "headers": headers, "state": state}, mode="observe")
    assert app.scopes[0]["state"] == {"theirs": 1, "wicketgate_guard": verdict}
    assert state == {"theirs": 1}


def _call(environ: dict[str, Any], *, mode: str = "enforce") -> tuple[list[str], bytes]:
    statuses: list[str] = []

    def start(status: str, _headers: Any) -> None:
        statuses.append(status)

    def app(environ: Any, start_response: Any) -> list[bytes]:
        start_response("200 OK", [])
        return [f"{environ['wicketgate.guard']} {'HTTP_BACKEND_SECRET' in environ}".encode()]

    guard = SecretGuard(secrets=[CURRENT], mode=mode)  # type: ignore[arg-type]
    body = b"".join(SecretGuardWSGI(app, guard)({"REQUEST_METHOD": "GET", **environ}, start))
    return statuses, body


def test_wsgi_application_finds_the_verdict_and_not_the_header() -> None:
    assert _call({"HTTP_BACKEND_SECRET": CURRENT}) == (["200 OK"], b"accepted False")
    assert _call({"HTTP_BACKEND_SECRET": "no"}, mode="observe") == (["200 OK"], b"mismatch False")


def test_wsgi_values_joined_by_the_server_are_refused() -> None:
    for joined in (f"{CURRENT},{CURRENT}", f"{CURRENT}, x", f"{CURRENT},"):
        assert _call({"HTTP_BACKEND_SECRET": joined})[0] == ["401 Unauthorized"]


def test_wsgi_instance_has_the_mount_point_and_head_no_body() -> None:
    environ = {"SCRIPT_NAME": "/mount", "PATH_INFO": "/caf\xc3\xa9"}
    assert b'"instance": "/mount/caf%C3%A9"' in _call(environ)[1]
    assert _call({**environ, "REQUEST_METHOD": "HEAD"}) == (["401 Unauthorized"], b"")
