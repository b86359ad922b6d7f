"""A small HTTP/2 client over the h2 library, for requests that ordinary clients refuse to send."""

from __future__ import annotations

import socket
import ssl
from dataclasses import dataclass

import h2.config
import h2.connection
import h2.events

Fields = list[tuple[str, str]]


@dataclass
class Http2Answer:
    """`reset` is set when the gateway ended the stream or the connection instead of answering."""

    status: int = 0
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    trailers: tuple[tuple[str, str], ...] = ()
    reset: bool = False


def http2_request(
    port: int, fields: Fields, *, body: bytes = b"", trailers: Fields | None = None, tls: ssl.SSLContext | None = None
) -> Http2Answer:
    """Send one request with exactly these fields (pseudo-headers among them) and read the answer."""
    config = h2.config.H2Configuration(
        client_side=True, validate_outbound_headers=False, normalize_outbound_headers=False, header_encoding="utf-8"
    )
    link = h2.connection.H2Connection(config)
    connection: socket.socket = socket.create_connection(("127.0.0.1", port), timeout=10)
    if tls is not None:
        connection = tls.wrap_socket(connection, server_hostname="localhost")
    with connection:
        link.initiate_connection()
        link.send_headers(1, fields, end_stream=not body and trailers is None)
        if body or trailers is not None:
            link.send_data(1, body, end_stream=trailers is None)
        if trailers is not None:
            link.send_headers(1, trailers, end_stream=True)
        connection.sendall(link.data_to_send())
        return _read(connection, link)


def _read(connection: socket.socket, link: h2.connection.H2Connection) -> Http2Answer:
    answer = Http2Answer()
    while data := connection.recv(65536):
        for event in link.receive_data(data):
            match event:
                case h2.events.ResponseReceived():
                    fields = [(_text(name), _text(value)) for name, value in event.headers or ()]
                    answer.status, answer.headers = int(dict(fields)[":status"]), tuple(fields)
                case h2.events.DataReceived():
                    answer.body += event.data or b""
                case h2.events.TrailersReceived():
                    answer.trailers = tuple((_text(name), _text(value)) for name, value in event.headers or ())
                case h2.events.StreamReset() | h2.events.ConnectionTerminated():
                    answer.reset = True
                    return answer
                case h2.events.StreamEnded():
                    return answer
        connection.sendall(link.data_to_send())
    answer.reset = not answer.status
    return answer


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value
