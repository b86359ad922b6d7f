"""A request to a server on a UNIX socket: Envoy's admin, the control API."""

from __future__ import annotations

import http.client
import socket
from dataclasses import dataclass
from pathlib import Path

from wicketgate.supervise.sockets import short_path


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    body: bytes


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: Path, seconds: float) -> None:
        super().__init__("localhost", timeout=seconds)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        with short_path(self._path) as short:
            self.sock.connect(short)


def unix_request(socket_path: Path, method: str, target: str, *, seconds: float = 5.0) -> Reply:
    """Send one request without a body and read the whole answer.

    Raises `OSError` when nobody answers in time, also for an answer that is not HTTP.
    """
    connection = _UnixConnection(socket_path, seconds)
    try:
        connection.request(method, target)
        response = connection.getresponse()
        return Reply(response.status, response.read())
    except http.client.HTTPException as error:
        raise OSError(f"no HTTP answer from {socket_path.name}") from error
    finally:
        connection.close()
