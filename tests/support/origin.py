"""An origin that records exactly what reached it, byte by byte."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import TracebackType
from typing import BinaryIO

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-type: text/plain\r\n\r\nok"


@dataclass(frozen=True)
class Seen:
    """One request as it arrived: header names in their case and order."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    trailers: tuple[tuple[str, str], ...] = ()

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key.lower() == name.lower()]

    def one(self, name: str) -> str:
        (value,) = self.all(name)
        return value


Reply = Callable[[Seen], bytes]


@dataclass
class RecordingOrigin:
    """A tiny HTTP/1.1 server on loopback for tests; `reply` makes the raw answer of each request."""

    reply: Reply = field(default=lambda seen: OK)
    seen: list[Seen] = field(default_factory=list)
    tls: ssl.SSLContext | None = None
    connections: int = 0
    before_body: Callable[[], object] = field(default=lambda: None)
    """Called between the head of a request and its body."""

    def __enter__(self) -> RecordingOrigin:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._open: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._listener.close()
        for connection in self._open:
            connection.close()

    @property
    def url(self) -> str:
        return f"http{'s' if self.tls else ''}://127.0.0.1:{self.port}"

    @property
    def last(self) -> Seen:
        return self.seen[-1]

    def open_connections(self) -> list[socket.socket]:
        """Return the connections that callers have open, for tests that break them."""
        return [connection for connection in self._open if connection.fileno() >= 0]

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._open.append(connection)
            self.connections += 1
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            if self.tls is not None:
                connection = self.tls.wrap_socket(connection, server_side=True)
            with connection, connection.makefile("rb") as stream:
                while (request := _read_request(stream, self.before_body)) is not None:
                    self.seen.append(request)
                    connection.sendall(self.reply(request))
        except OSError:
            return


def _read_request(stream: BinaryIO, before_body: Callable[[], object]) -> Seen | None:
    line = stream.readline().decode("latin-1").strip()
    if not line:
        return None
    if line.count(" ") != 2:
        return None
    method, target, _ = line.split(" ")
    headers = tuple(_read_fields(stream))
    names = {name.lower(): value for name, value in headers}
    before_body()
    if names.get("transfer-encoding", "").lower() == "chunked":
        body = _read_chunks(stream)
        return Seen(method, target, headers, body, tuple(_read_fields(stream)))
    return Seen(method, target, headers, stream.read(int(names.get("content-length", "0"))))


def _read_fields(stream: BinaryIO) -> Iterator[tuple[str, str]]:
    while line := stream.readline().decode("latin-1").rstrip("\r\n"):
        name, _, value = line.partition(":")
        yield name, value.strip()


def _read_chunks(stream: BinaryIO) -> bytes:
    body = b""
    while size := int(stream.readline().split(b";")[0], 16):
        body += stream.read(size)
        stream.readline()
    return body
