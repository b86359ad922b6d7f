"""ASGI apps on the sockets that the supervisor bound."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator

import uvicorn
from starlette.types import ASGIApp

_IDLE_SECONDS = 3600
"""Envoy keeps the connections of its polls; closing one under it would only cost a retry."""


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals alone: the control plane has three servers and one way to end."""
        yield


async def serve(app: ASGIApp, listener: socket.socket) -> None:
    """Serve `app` on a socket that already listens, until cancelled."""
    config = uvicorn.Config(
        app,
        log_config=None,
        log_level="warning",
        access_log=False,
        lifespan="off",
        server_header=False,
        timeout_keep_alive=_IDLE_SECONDS,
        timeout_graceful_shutdown=1,
        ws="none",
    )
    await _Server(config).serve(sockets=[listener])
