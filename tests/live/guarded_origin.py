"""An origin with the Python guard: `python -m tests.live.guarded_origin ACCEPTED PORT_FILE`.

`/slow` answers after a second, so that a stop meets a request in flight.
"""

from __future__ import annotations

import asyncio
import socket
import sys
from pathlib import Path
from typing import Any

import uvicorn

from wicketgate_guard import SecretGuard, SecretGuardASGI


async def application(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] != "http":
        return
    if scope["path"] == "/slow":
        await asyncio.sleep(1)
    body = b"hello\n"
    headers = [(b"content-type", b"text/plain"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def main(accepted: str, announced: str) -> None:
    listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
    partial = Path(f"{announced}.new")
    partial.write_text(str(listener.getsockname()[1]))
    partial.rename(announced)
    guarded = SecretGuardASGI(application, SecretGuard(secret_file=accepted))
    config = uvicorn.Config(guarded, log_level="critical", lifespan="off", timeout_keep_alive=600)
    uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main(*sys.argv[1:])
