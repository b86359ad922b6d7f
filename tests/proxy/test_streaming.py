"""Bodies stream with flow control: a slow reader holds the writer back, and the gateway keeps little in memory."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path

from tests.proxy.conftest import Serve, forward
from tests.support.gateway import Gateway
from tests.support.origin import RecordingOrigin, Seen

MEGABYTE = 2**20
TOTAL = 60 * MEGABYTE
ALLOWED = 30 * MEGABYTE


def _memory(gateway: Gateway) -> int:
    """Return the resident bytes of Envoy."""
    pages = Path(f"/proc/{gateway.envoy.process.pid}/statm").read_text().split()[1]
    return int(pages) * 4096


def _growth_while(gateway: Gateway, done: Callable[[], bool]) -> int:
    before, most = _memory(gateway), 0
    for _ in range(1500):
        most = max(most, _memory(gateway))
        if done():
            break
        time.sleep(0.02)
    assert done()
    return most - before


def test_a_slow_reader_holds_the_origin_back(serve: Serve, origin: RecordingOrigin) -> None:
    sent = [0]

    def endless(seen: Seen) -> bytes:
        connection = origin.open_connections()[-1]
        connection.sendall(f"HTTP/1.1 200 OK\r\ncontent-length: {TOTAL}\r\n\r\n".encode())
        for _ in range(TOTAL // MEGABYTE):
            connection.sendall(b"x" * MEGABYTE)
            sent[0] += MEGABYTE
        return b""

    origin.reply = endless
    gateway = serve({"/x": {"get": forward()}})
    with socket.create_connection(("127.0.0.1", gateway.envoy.port), timeout=20) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        connection.sendall(b"GET /x HTTP/1.1\r\nhost: g\r\nconnection: close\r\n\r\n")
        connection.recv(1024)
        time.sleep(0.7)
        held = sent[0]
        assert held < ALLOWED, "the origin wrote on although nobody read"
        reader = threading.Thread(target=_read_to_end, args=(connection,))
        reader.start()
        assert _growth_while(gateway, lambda: sent[0] == TOTAL) < ALLOWED
        reader.join(20)


def _read_to_end(connection: socket.socket) -> None:
    while connection.recv(MEGABYTE):
        pass


def test_an_origin_that_reads_slowly_holds_the_caller_back(serve: Serve, origin: RecordingOrigin) -> None:
    go_on = threading.Event()
    origin.before_body = lambda: go_on.wait(20)
    gateway = serve({"/x": {"post": forward()}})
    sent = [0]

    def upload(connection: socket.socket) -> None:
        connection.sendall(f"POST /x HTTP/1.1\r\nhost: g\r\ncontent-length: {TOTAL}\r\n\r\n".encode())
        for _ in range(TOTAL // MEGABYTE):
            connection.sendall(b"x" * MEGABYTE)
            sent[0] += MEGABYTE

    with socket.create_connection(("127.0.0.1", gateway.envoy.port), timeout=20) as connection:
        writer = threading.Thread(target=upload, args=(connection,))
        writer.start()
        time.sleep(0.7)
        assert sent[0] < ALLOWED, "the caller wrote on although the origin read nothing"
        go_on.set()
        assert _growth_while(gateway, lambda: sent[0] == TOTAL) < ALLOWED
        assert connection.recv(1024).startswith(b"HTTP/1.1 200")
        writer.join(20)
    assert len(origin.last.body) == TOTAL
