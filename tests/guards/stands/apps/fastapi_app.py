"""FastAPI with the guard, as a user would write it; tells which header names it sees."""

from __future__ import annotations

import os

from fastapi import FastAPI, Request, WebSocket

from wicketgate_guard import SecretGuard, SecretGuardASGI

app = FastAPI()
app.add_middleware(SecretGuardASGI, guard=SecretGuard(mode=os.environ["GUARD_MODE"]))  # type: ignore[arg-type]


@app.get("/{path:path}")
def tell(request: Request) -> dict[str, object]:
    return {"names": request.headers.keys(), "verdict": request.state.wicketgate_guard}


@app.websocket("/socket")
async def echo(websocket: WebSocket) -> None:
    await websocket.accept()
    await websocket.send_text(await websocket.receive_text())
    await websocket.close()
