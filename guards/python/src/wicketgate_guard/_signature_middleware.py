"""The signature guard as ASGI and WSGI middleware: the body is read, checked, and handed on."""

from __future__ import annotations

import asyncio
import io
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from wicketgate_guard import _problem
from wicketgate_guard._asgi import respond
from wicketgate_guard._canonical import SignedRequest
from wicketgate_guard._guard import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from wicketgate_guard._asgi import Application, Message, Receive, Scope, Send
    from wicketgate_guard._signature_guard import SignatureGuard

_POLICY_VIOLATION = 1008  # RFC 6455 section 7.4.1


class SignatureGuardASGI:
    """Lets http scopes through when the guard accepts them; lifespan always, websocket never in `enforce`.

    The application finds the verdict in `scope["state"]["wicketgate_guard"]`, as text.
    """

    def __init__(self, app: Application, guard: SignatureGuard) -> None:
        self._app = app
        self._guard = guard

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        messages: list[Message] = []
        verdict = self._guard.refuses(_request(scope, b""))
        if verdict is None:
            messages = [] if scope["type"] == "websocket" else await _read(receive, self._guard.body_limit)
            verdict = await self._judged(scope, messages)
        if self._guard.admits(verdict, path=scope["path"]):
            state = {**scope.get("state", {}), "wicketgate_guard": verdict.value}
            await self._app({**scope, "state": state}, _again(messages, receive), send)
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": _POLICY_VIOLATION, "reason": ""})
        else:
            await respond(send, scope, prefix="http")

    async def _judged(self, scope: Scope, messages: list[Message]) -> Verdict:
        if messages and messages[-1].get("more_body"):
            return Verdict.TOO_LARGE
        request = _request(scope, b"".join(message.get("body", b"") for message in messages))
        if self._guard.may_block:
            return await asyncio.to_thread(self._guard.check, request)
        return self._guard.check(request)


class SignatureGuardWSGI:
    """Lets a request through when the guard accepts it.

    WSGI knows the path decoded only. A server that has it as it came (`RAW_URI`, `REQUEST_URI`) is asked; elsewhere it
    is encoded anew, and a path that was written in another way is refused. Repeated fields reach WSGI joined with a
    comma, as they are signed. The application finds the verdict in `environ["wicketgate.guard"]`.
    """

    def __init__(self, app: Callable[..., Iterable[bytes]], guard: SignatureGuard) -> None:
        self._app = app
        self._guard = guard

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        path = environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")
        request = SignedRequest(environ["REQUEST_METHOD"], _target(environ, path), list(_headers(environ)), b"")
        body, verdict = b"", self._guard.refuses(request)
        if verdict is None:
            body = _body(environ, self._guard.body_limit)
            fits = len(body) <= self._guard.body_limit
            verdict = self._guard.check(replace(request, body=body)) if fits else Verdict.TOO_LARGE
        environ["wicketgate.guard"] = verdict.value
        if self._guard.admits(verdict, path=path):
            return self._app({**environ, "wsgi.input": _handed_on(verdict, body, environ)}, start_response)
        answer = _problem.unauthorized(path.encode("latin-1"))
        start_response("401 Unauthorized", _problem.headers(answer))
        return [b"" if environ["REQUEST_METHOD"] == "HEAD" else answer]


def _request(scope: Scope, body: bytes) -> SignedRequest:
    path = scope.get("raw_path") or quote(scope["path"], safe="/-_.~").encode()
    query = scope.get("query_string", b"")
    headers = [(name.lower(), value) for name, value in scope["headers"]]
    return SignedRequest(scope.get("method", "GET"), path + (b"?" + query if query else b""), headers, body)


def _body(environ: dict[str, Any], limit: int) -> bytes:
    """Read up to a byte more than the limit: to the end of the body, where the server marks it, else by its length."""
    rest = limit + 1 if environ.get("wsgi.input_terminated") else min(_length(environ), limit + 1)
    parts = []
    while rest > 0 and (part := environ["wsgi.input"].read(rest)):
        parts.append(part)
        rest -= len(part)
    return b"".join(parts)


def _handed_on(verdict: Verdict, body: bytes, environ: dict[str, Any]) -> Any:
    """What was checked is all that the application gets; only one that is let through unchecked gets the rest too."""
    return io.BytesIO(body) if verdict is Verdict.ACCEPTED else io.BufferedReader(_Rest(body, environ["wsgi.input"]))


class _Rest(io.RawIOBase):
    """What was read, and then the rest."""

    def __init__(self, read: bytes, rest: Any) -> None:
        self._read = io.BytesIO(read)
        self._rest = rest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._read.read(len(buffer)) or self._rest.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)


async def _read(receive: Receive, limit: int) -> list[Message]:
    """Return the messages of a body, the last of which says that there is more if it is larger than the limit."""
    messages: list[Message] = []
    read = 0
    while not messages or (messages[-1].get("more_body") and read <= limit):
        messages.append(await receive())
        read += len(messages[-1].get("body", b""))
    return messages


def _again(messages: list[Message], receive: Receive) -> Receive:
    pending = list(messages)

    async def replay() -> Message:
        return pending.pop(0) if pending else await receive()

    return replay


def _length(environ: dict[str, Any]) -> int:
    text = environ.get("CONTENT_LENGTH") or "0"
    return int(text) if text.isdecimal() else 0


def _target(environ: dict[str, Any], path: str) -> bytes:
    raw = environ.get("RAW_URI") or environ.get("REQUEST_URI")
    if isinstance(raw, str) and raw.startswith("/"):
        return raw.encode("latin-1")
    query = environ.get("QUERY_STRING", "")
    encoded = quote(path.encode("latin-1"), safe="/-_.~")
    return (encoded + (f"?{query}" if query else "")).encode("latin-1")


def _headers(environ: dict[str, Any]) -> Iterable[tuple[bytes, bytes]]:
    for key, value in environ.items():
        if key.startswith("HTTP_"):
            yield key[5:].lower().replace("_", "-").encode(), value.encode("latin-1")
    for key in ("CONTENT_TYPE", "CONTENT_LENGTH"):
        if environ.get(key):
            yield key.lower().replace("_", "-").encode(), environ[key].encode("latin-1")
