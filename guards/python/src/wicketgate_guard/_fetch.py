"""One GET that ends: whatever the server does, it takes no more than a number of seconds and of bytes."""

from __future__ import annotations

import socket
import ssl
import threading
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from http.client import HTTPConnection, HTTPSConnection
from typing import Any
from urllib.request import HTTPHandler, HTTPRedirectHandler, HTTPSHandler, ProxyHandler, Request, build_opener

FETCH_SECONDS = 10.0
"""For all of it."""
_STEP_SECONDS = 5.0
"""For one address to connect to, or one part of an answer."""
_MOST_BYTES = 256 * 1024


@dataclass(frozen=True)
class Fetched:
    """An answer with status 200: its body, and its `Cache-Control`."""

    body: bytes
    cache_control: str


def fetched(url: str) -> Fetched:
    """Get a URL of https, or of http on loopback; redirects are refused.

    Raises:
        OSError, ValueError, http.client.HTTPException: there is no such answer.
    """
    limit = _Limit()
    clock = threading.Timer(FETCH_SECONDS, limit.end)
    clock.daemon = True
    clock.start()
    try:
        found = _answer(url, limit)
    finally:
        clock.cancel()
    # What came while the connection was cut is not believed.
    limit.check()
    if len(found.body) > _MOST_BYTES:
        raise ValueError("too large")
    return found


def _answer(url: str, limit: _Limit) -> Fetched:
    request = Request(url, headers={"accept": "application/json"})  # noqa: S310 - https or loopback
    with _opener(url, limit).open(request, timeout=_STEP_SECONDS) as answer:
        return Fetched(answer.read(_MOST_BYTES + 1), answer.headers.get("cache-control", ""))


def _opener(url: str, limit: _Limit) -> Any:
    # A proxy sees and writes what is not encrypted; loopback is meant to stay on this machine.
    proxies = ProxyHandler({}) if url.startswith("http://") else ProxyHandler()
    return build_opener(_NoRedirects, proxies, _Plain(limit), _Encrypted(limit))


class _Limit:
    """The end of a fetch: cuts the connection, in which somebody may be reading."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._is_over = False

    def watch(self, connection: socket.socket) -> None:
        with self._lock:
            self._socket = connection
        self.check()

    def check(self) -> None:
        if self._is_over:
            raise TimeoutError

    def end(self) -> None:
        with self._lock:
            self._is_over = True
            if self._socket is not None:
                with suppress(OSError):
                    # Not the method of a TLS socket, which would go on reading, and without TLS.
                    socket.socket.shutdown(self._socket, socket.SHUT_RDWR)


class _PlainConnection(HTTPConnection):
    def __init__(self, *place: Any, limit: _Limit, **options: Any) -> None:
        super().__init__(*place, **options)
        self._limit = limit

    def connect(self) -> None:
        super().connect()
        self._limit.watch(self.sock)


class _EncryptedConnection(_PlainConnection, HTTPSConnection):
    pass


class _Plain(HTTPHandler):
    def __init__(self, limit: _Limit) -> None:
        super().__init__()
        self._limit = limit

    def http_open(self, request: Request) -> Any:
        return self.do_open(partial(_PlainConnection, limit=self._limit), request)


class _Encrypted(HTTPSHandler):
    def __init__(self, limit: _Limit) -> None:
        super().__init__()
        self._limit = limit

    def https_open(self, request: Request) -> Any:
        # A context of our own: what an application does to the default one, such as to verify nothing, is not for us.
        context = ssl.create_default_context()
        return self.do_open(partial(_EncryptedConnection, limit=self._limit, context=context), request)


class _NoRedirects(HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        return None
