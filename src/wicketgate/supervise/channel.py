"""The line between the supervisor and the control plane: a socket pair, one JSON object a line.

Its end tells each side that the other is gone.
"""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from enum import StrEnum

from wicketgate.json_types import JsonObject


class Order(StrEnum):
    """What the supervisor tells the control plane."""

    RELOAD = "reload"
    DRAIN = "drain"


class Report(StrEnum):
    """What the control plane tells the supervisor."""

    PUBLISHED = "published"
    SERVING = "serving"
    """With `addresses`, a list of URLs on which Envoy serves traffic."""


class Channel:
    """One end of the line."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def over(cls, end: socket.socket) -> Channel:
        return cls(*await asyncio.open_unix_connection(sock=end))

    def send(self, kind: Order | Report, **fields: object) -> None:
        """Send without waiting; what the other side does not live to read is lost with it."""
        if not self._writer.is_closing():
            self._writer.write(json.dumps({"kind": kind, **fields}).encode() + b"\n")

    async def messages(self) -> AsyncIterator[JsonObject]:
        """Yield what the other side sends until it is gone."""
        try:
            while line := await self._reader.readline():
                yield json.loads(line)
        except (ConnectionError, ValueError):
            return

    def close(self) -> None:
        self._writer.close()
