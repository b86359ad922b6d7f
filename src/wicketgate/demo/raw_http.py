"""One HTTP/1.1 exchange over a plain socket, so that nothing tidies up what is sent."""

from __future__ import annotations

import http.client
import socket
from collections.abc import Sequence
from dataclasses import dataclass

TIMEOUT = 10.0
"""Seconds for the connection and for each wait."""


@dataclass(frozen=True, slots=True)
class Answer:
    """`status` 0 means that the connection was closed without an answer."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()

    def header(self, name: str) -> str | None:
        """Return the first value of a header, or None."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)


def exchange(address: tuple[str, int], *, method: str, path: str, lines: Sequence[bytes], body: bytes = b"") -> Answer:
    """Send the header `lines` byte for byte and return the answer. Raises `OSError` if nobody listens."""
    head = [f"{method} {path} HTTP/1.1".encode(), b"Host: demo.example", *lines, b"Connection: close"]
    with socket.create_connection(address, timeout=TIMEOUT) as connection:
        try:
            connection.sendall(b"\r\n".join(head) + b"\r\n\r\n" + body)
            return _answer(connection, method)
        except (ConnectionResetError, BrokenPipeError, http.client.HTTPException):
            return Answer(status=0)


def _answer(connection: socket.socket, method: str) -> Answer:
    response = http.client.HTTPResponse(connection, method=method)
    response.begin()
    response.read()
    return Answer(response.status, tuple(response.getheaders()))
