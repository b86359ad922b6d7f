"""A sample origin with the guard on, and a witness in front of the guard that counts what arrives.

Run as `python -m wicketgate.demo.sample_origin FD`, where FD is a listening socket that the parent opened and
`BACKEND_SECRET_FILE` names the file with the secret.
"""

from __future__ import annotations

import hmac
import json
import os
import socket
import sys
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

HEADER = b"backend-secret"
WITNESS = "demo-origin-saw"
"""Response header `genuine=N other=M`: the copies of the secret header that reached the origin."""


class Witness:
    """Counts, outside the guard, the copies of the header that arrive in any spelling; the answer says it."""

    def __init__(self, app: Application, secret: bytes) -> None:
        self._app = app
        self._secret = secret

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        testimony = self._count(scope["headers"])

        async def with_testimony(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message["headers"], (WITNESS.encode(), testimony)]}
            await send(message)

        await self._app(scope, receive, with_testimony)

    def _count(self, headers: list[tuple[bytes, bytes]]) -> bytes:
        copies = [value for name, value in headers if name.lower().replace(b"_", b"-") == HEADER]
        exact = sum(1 for name, _ in headers if name.lower() == HEADER)
        genuine = sum(1 for value in copies if hmac.compare_digest(value, self._secret))
        # A genuine value under an aliased name is not the one field that the guard reads.
        genuine = min(genuine, exact)
        return f"genuine={genuine} other={len(copies) - genuine}".encode()


async def orders(scope: Scope, _receive: Receive, send: Send) -> None:
    """Answer every request with a small JSON document."""
    if scope["type"] != "http":
        return
    body = json.dumps({"orders": [{"id": 1, "item": "wicket gate"}], "path": scope["path"]}).encode()
    fields = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": fields})
    await send({"type": "http.response.body", "body": body})


def guarded(secret_file: Path) -> Application:
    """Return the application as its author would deploy it, with the witness around it."""
    from wicketgate_guard import SecretGuard, SecretGuardASGI

    guard = SecretGuard(secret_file=str(secret_file))
    return Witness(SecretGuardASGI(orders, guard), secret_file.read_bytes().strip())


def serve(listening: socket.socket, secret_file: Path) -> None:
    """Serve on `listening` until SIGTERM or SIGINT."""
    import uvicorn

    config = uvicorn.Config(
        guarded(secret_file),
        log_level="error",
        access_log=False,
        lifespan="off",
        server_header=False,
        ws="none",
    )
    uvicorn.Server(config).run(sockets=[listening])


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])), Path(os.environ["BACKEND_SECRET_FILE"]))
