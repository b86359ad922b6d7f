"""The signature guard as ASGI middleware: what its head proves is read, checked, and handed on."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import quote

from wicketgate_guard._asgi import refuse_websocket, respond
from wicketgate_guard._canonical import SignedRequest, without_empty
from wicketgate_guard._errors import GuardConfigurationError
from wicketgate_guard._guard import Verdict
from wicketgate_guard._signature_guard import Proved

if TYPE_CHECKING:
    from wicketgate_guard._asgi import Application, Message, Receive, Scope, Send
    from wicketgate_guard._signature_guard import SignatureGuard

_ROOT = re.compile(r"/[!-\"$->@-~]+")
_EMPTY = hashlib.sha256(b"").hexdigest()


class SignatureGuardASGI:
    """Lets http and websocket scopes through when the guard accepts them; lifespan always.

    Of a WebSocket the handshake is signed, and nothing that follows. The application finds the verdict in
    `scope["state"]["wicketgate_guard"]`, as text. It does not see an empty field beside one of its name that has a
    value: only that one is signed.

    Args:
        root_path: what the server puts in front of every path, as uvicorn does with `--root-path`: the path without it
            was signed. Give it then, and only then: hypercorn, `FastAPI(root_path=...)` and mounts change no path.

    Raises:
        GuardConfigurationError: `root_path` is none.
    """

    def __init__(self, app: Application, guard: SignatureGuard, *, root_path: str = "") -> None:
        if root_path and not _ROOT.fullmatch(root_path):
            raise GuardConfigurationError(f"root_path: {root_path!r} is no path. Give what the server has, as `/api`.")
        self._app = app
        self._guard = guard
        self._root = root_path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        verdict, receive = await self._judged(scope, receive)
        if self._guard.admits(verdict, path=scope["path"]):
            await self._app(_marked(scope, verdict), receive, send)
        elif scope["type"] == "websocket":
            await refuse_websocket(scope, receive, send)
        else:
            await respond(send, scope, prefix="http")

    async def _judged(self, scope: Scope, receive: Receive) -> tuple[Verdict, Receive]:
        """Return the verdict, and what gives the application the body."""
        proved = self._proved(scope)
        if isinstance(proved, Verdict):
            return proved, receive
        if scope["type"] == "websocket":
            return await self._settled(proved, _EMPTY), receive
        if proved.payload is None:
            return await self._guard.anoted(proved), receive
        body = await _read(receive, self._guard.body_limit)
        if body.is_too_large:
            return Verdict.TOO_LARGE, body.then(receive)
        return await self._settled(proved, hashlib.sha256(body.data).hexdigest()), body.then(receive)

    async def _settled(self, proved: Proved, digest: str) -> Verdict:
        return await self._guard.anoted(proved) if proved.covers(digest) else Verdict.MISMATCH

    def _proved(self, scope: Scope) -> Verdict | Proved:
        path = _path(scope, self._root)
        if not path.startswith(b"/"):
            return Verdict.MISMATCH
        query = scope.get("query_string", b"")
        headers = [(name.lower(), value) for name, value in scope["headers"]]
        target = path + (b"?" + query if query else b"")
        return self._guard.judge(SignedRequest(scope.get("method", "GET"), target, headers))


def _path(scope: Scope, root: str) -> bytes:
    """Return the path as it arrived; nothing if the server has not put `root` in front of it."""
    raw: bytes = scope.get("raw_path") or quote(scope["path"], safe="/-_.~").encode()
    before = root.encode() if scope.get("raw_path") else quote(root, safe="/-_.~").encode()
    return raw[len(before) :] if raw.startswith(before) else b""


def _marked(scope: Scope, verdict: Verdict) -> Scope:
    headers = without_empty(scope["headers"]) if verdict is Verdict.ACCEPTED else scope["headers"]
    return {**scope, "headers": headers, "state": {**scope.get("state", {}), "wicketgate_guard": verdict.value}}


@dataclass(frozen=True)
class _Body:
    """A body as far as it was read, in one piece: many small ones would take more memory than the limit says."""

    data: bytes = field(repr=False)
    is_too_large: bool = False
    has_more: bool = False
    ends: tuple[Message, ...] = ()
    """That the caller has gone, if it has."""

    def then(self, receive: Receive) -> Receive:
        """Return what gives this body, and what comes after it."""
        pending = [{"type": "http.request", "body": self.data, "more_body": self.has_more}, *self.ends]

        async def replay() -> Message:
            return pending.pop(0) if pending else await receive()

        return replay


async def _read(receive: Receive, limit: int) -> _Body:
    """Read a body to its end, or until it is larger than the limit."""
    data = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return _Body(bytes(data), has_more=True, ends=(message,))
        data += message.get("body", b"")
        more = message.get("more_body", False)
        if len(data) > limit or not more:
            return _Body(bytes(data), is_too_large=len(data) > limit, has_more=more)
