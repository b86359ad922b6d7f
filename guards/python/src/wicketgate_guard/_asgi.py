"""The guard as ASGI middleware (ASGI 3: http, websocket, lifespan)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import TYPE_CHECKING, Any, Union

from wicketgate_guard import _problem

if TYPE_CHECKING:
    from wicketgate_guard._guard import SecretGuard, Verdict
    from wicketgate_guard._token_guard import TokenGuard

    Guard = Union[SecretGuard, TokenGuard]

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

_POLICY_VIOLATION = 1008  # RFC 6455 section 7.4.1


class GuardASGI:
    """Lets http and websocket scopes through when the guard accepts them; lifespan always.

    The application sees no header of that name. It finds the verdict in `scope["state"]["wicketgate_guard"]`
    (`request.state.wicketgate_guard` in Starlette and FastAPI), a :class:`Verdict` value as text.
    """

    def __init__(self, app: Application, guard: Guard) -> None:
        self._app = app
        self._guard = guard

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        verdict = await self._judged(scope)
        if self._guard.admits(verdict, path=scope["path"]):
            await self._app(self._marked(scope, verdict), receive, send)
        elif scope["type"] == "websocket":
            await refuse_websocket(scope, receive, send)
        else:
            await respond(send, scope, prefix="http")

    async def _judged(self, scope: Scope) -> Verdict:
        values = [value for name, value in scope["headers"] if name.lower() == self._guard.header]
        aliased = any(self._guard.is_alias(name) for name, _ in scope["headers"])
        return await self._guard.acheck(values, aliased=aliased)

    def _marked(self, scope: Scope, verdict: Verdict) -> Scope:
        header, is_alias = self._guard.header, self._guard.is_alias
        kept = [field for field in scope["headers"] if field[0].lower() != header and not is_alias(field[0])]
        state = {**scope.get("state", {}), "wicketgate_guard": verdict.value}
        return {**scope, "headers": kept, "state": state}


class SecretGuardASGI(GuardASGI):
    """The middleware with a :class:`SecretGuard`."""


class TokenGuardASGI(GuardASGI):
    """The middleware with a :class:`TokenGuard`."""


async def respond(send: Send, scope: Scope, *, prefix: str) -> None:
    """Answer with the refusal."""
    body = _problem.unauthorized(scope["path"])
    fields = [(name.encode(), value.encode()) for name, value in _problem.headers(body)]
    await send({"type": f"{prefix}.response.start", "status": 401, "headers": fields})
    await send({"type": f"{prefix}.response.body", "body": body})


async def refuse_websocket(scope: Scope, receive: Receive, send: Send) -> None:
    """Refuse a handshake, with the problem where the server can send one."""
    await receive()  # websocket.connect: nothing may be sent before it
    if "websocket.http.response" in (scope.get("extensions") or {}):
        await respond(send, scope, prefix="websocket.http")
    else:
        # Closing before accepting makes the server answer the handshake with 403.
        await send({"type": "websocket.close", "code": _POLICY_VIOLATION, "reason": ""})
