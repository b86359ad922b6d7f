"""Real frameworks behind the token guard, as a user would write them; each says what it sees."""

from __future__ import annotations

import os
from typing import Any

import flask
from fastapi import FastAPI, Request, WebSocket

from wicketgate_guard import TokenGuard, TokenGuardASGI, TokenGuardWSGI


class Shared:
    """A store for event loops, as one in a database would be."""

    def __init__(self) -> None:
        self._seen: set[str] = set()

    async def first(self, key: str, _: float) -> bool:
        known = key in self._seen
        self._seen.add(key)
        return not known


def _guard(**options: Any) -> TokenGuard:
    return TokenGuard(issuer=os.environ["ISSUER"], audience="orders", **options)


def _telling(guard: TokenGuard) -> FastAPI:
    app = FastAPI()
    app.add_middleware(TokenGuardASGI, guard=guard)

    @app.get("/{path:path}")
    def tell(request: Request) -> dict[str, Any]:
        return {"names": request.headers.keys(), "verdict": request.state.wicketgate_guard}

    @app.websocket("/socket")
    async def echo(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.send_text(await websocket.receive_text())
        await websocket.close()

    return app


fastapi_app = _telling(_guard())
once_app = _telling(_guard(once=True, replay=Shared()))

flask_app = flask.Flask(__name__)
flask_app.wsgi_app = TokenGuardWSGI(flask_app.wsgi_app, _guard())  # type: ignore[method-assign]


@flask_app.get("/<path:path>")
def say(path: str) -> dict[str, Any]:
    names = [name.lower() for name, _ in flask.request.headers]
    return {"names": names, "verdict": flask.request.environ["wicketgate.guard"]}
