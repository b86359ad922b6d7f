"""WebSockets pass through, with the proof, and without the caller's Connection list (threat D3)."""

from __future__ import annotations

import base64
import hashlib
import socket

from tests.proxy.conftest import Serve, forward
from tests.proxy.test_secret_header import GENUINE, SECRET
from tests.support.origin import RecordingOrigin, Seen

_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_REQUEST = (
    "GET /ws HTTP/1.1\r\nhost: g\r\nupgrade: websocket\r\nconnection: {connection}\r\n"
    "sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nbackend-secret: forged\r\n\r\n"
)


def _accept(origin: RecordingOrigin, seen: Seen) -> bytes:
    """Accept (RFC 6455 section 4.2.2), then send back what comes."""
    digest = hashlib.sha1((seen.one("sec-websocket-key") + _GUID).encode(), usedforsecurity=False).digest()
    connection = origin.open_connections()[-1]
    head = "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-accept: "
    connection.sendall(f"{head}{base64.b64encode(digest).decode()}\r\n\r\n".encode())
    while data := connection.recv(65536):
        connection.sendall(data)
    raise OSError("the caller has gone")


def test_both_ways_with_the_proof(serve: Serve, origin: RecordingOrigin) -> None:
    origin.reply = lambda seen: _accept(origin, seen)
    gateway = serve({"/ws": {"get": forward(inbound=["secret"])}}, policies=[SECRET])
    with socket.create_connection(("127.0.0.1", gateway.envoy.port), timeout=5) as connection:
        connection.sendall(_REQUEST.format(connection="Upgrade, backend-secret, x-forwarded-for").encode())
        head = b""
        while b"\r\n\r\n" not in head:
            head += connection.recv(4096)
        assert head.startswith(b"HTTP/1.1 101")
        for size in (10, 100_000):
            connection.sendall(b"x" * size)
            got = 0
            while got < size:
                got += len(connection.recv(65536))
            assert got == size
    assert origin.last.all("backend-secret") == GENUINE
    assert [value.lower() for value in origin.last.all("connection")] == ["upgrade"]
