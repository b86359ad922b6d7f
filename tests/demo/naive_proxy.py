"""A proxy that adds the secret and takes nothing away: what a gateway must not be."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

SECONDS = 10.0


@contextmanager
def naive_proxy(origin: tuple[str, int], added: bytes) -> Iterator[tuple[str, int]]:
    """Forward each connection to `origin` with the header line `added` behind the request line."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        address: tuple[str, int] = listening.getsockname()
        thread = threading.Thread(target=_serve, args=(listening, origin, added), daemon=True)
        thread.start()
        try:
            yield address
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            thread.join(SECONDS)


def _serve(listening: socket.socket, origin: tuple[str, int], added: bytes) -> None:
    while True:
        try:
            caller, _ = listening.accept()
        except OSError:
            return
        with caller, socket.create_connection(origin, timeout=SECONDS) as upstream:
            caller.settimeout(SECONDS)
            first, _, rest = caller.recv(65536).partition(b"\r\n")
            upstream.sendall(first + b"\r\n" + added + b"\r\n" + rest)
            while chunk := upstream.recv(65536):
                caller.sendall(chunk)
