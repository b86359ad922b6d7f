"""Origins with every kind of TLS, all behind one gateway, and what its access log says of each request."""

from __future__ import annotations

import json
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.proxy.conftest import forward
from tests.support.certificates import Authority, KeyPair
from tests.support.gateway import Answer, Gateway, serving
from tests.support.known_certificates import KnownCertificates
from tests.support.origin import RecordingOrigin
from tests.support.project import write_project

Version = ssl.TLSVersion
_ANY_CIPHER = "ALL:@SECLEVEL=0"


def server(pair: KeyPair, *versions: Version, ciphers: str = _ANY_CIPHER) -> ssl.SSLContext:
    """A server that shows `pair` and speaks from the first version to the last, whatever this machine forbids."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers(ciphers)
    context.load_cert_chain(pair.certificate, pair.key)
    if versions:
        context.minimum_version, context.maximum_version = versions[0], versions[-1]
    return context


def demanding(context: ssl.SSLContext, clients: Authority, revoked: Path) -> ssl.SSLContext:
    """The same server, which lets in only what `clients` has issued and not revoked."""
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(clients.roots)
    context.load_verify_locations(revoked)
    context.verify_flags |= ssl.VERIFY_CRL_CHECK_LEAF
    return context


@contextmanager
def plain_server(answer: bytes | None, *, reset: bool = False) -> Iterator[int]:
    """A port that speaks no TLS: it sends `answer` to whatever comes and closes, or with None keeps silent."""
    taken: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def accept() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                taken.append(connection)
                if answer is not None:
                    _answer(connection, answer, reset=reset)

        threading.Thread(target=accept, daemon=True).start()
        try:
            yield listener.getsockname()[1]
        finally:
            for connection in taken:
                connection.close()


def _answer(connection: socket.socket, answer: bytes, *, reset: bool) -> None:
    with connection, suppress(OSError):
        connection.recv(65536)
        connection.sendall(answer)
        if reset:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


@dataclass
class TlsOrigins:
    """Gathers origins, then serves them all through one gateway; `/NAME` is forwarded to origin NAME."""

    home: Path
    known: KnownCertificates
    stack: ExitStack
    origins: dict[str, RecordingOrigin] = field(default_factory=dict)
    declared: list[dict[str, Any]] = field(default_factory=list)

    def add(self, name: str, context: ssl.SSLContext | None, *, host: str = "localhost", **declared: Any) -> None:
        self.origins[name] = self.stack.enter_context(RecordingOrigin(tls=context))
        self.declare(name, self.origins[name].port, host=host, **declared)

    def declare(self, name: str, port: int, *, host: str = "localhost", **declared: Any) -> None:
        self.declared.append({"name": name, "url": f"https://{host}:{port}", **declared})

    def serve(self, roots: Path) -> Stand:
        """Serve; `roots` are the system's authorities."""
        paths = {
            f"/{origin['name']}": {method: forward(f"origin://{origin['name']}") for method in ("get", "post")}
            for origin in self.declared
        }
        project = write_project(
            self.home / "project", paths, origins={"origins": self.declared}, toml='[log]\naccess = "access.log"\n'
        )
        gateway = self.stack.enter_context(serving(project, self.home, roots=roots, certificates=self.known))
        return Stand(gateway, self.origins, frozenset(path[1:] for path in paths), project / "access.log")


@dataclass(frozen=True)
class Stand:
    gateway: Gateway
    origins: dict[str, RecordingOrigin]
    names: frozenset[str]
    log: Path

    def ask(self, name: str, method: str = "GET") -> Answer:
        return self.gateway.get(f"/{name}", method=method, body=b"1" if method == "POST" else b"")

    def refused(self, name: str, status: int, code: str, method: str = "GET") -> Any:
        """Assert that a request ends with this problem and never reaches the origin; return its line in the log."""
        answer = self.ask(name, method)
        problem = answer.json()
        assert (answer.status, problem["code"]) == (status, code)
        assert answer.one("content-type") == "application/problem+json"
        assert name not in self.origins or self.origins[name].seen == []
        return self.logged(answer.one("zp-rid"))

    def logged(self, request_id: str) -> Any:
        """What the access log says of a request; Envoy writes it a little after the answer."""
        return _until(lambda: next((line for line in self._lines() if line["requestId"] == request_id), None))

    def _lines(self) -> Iterator[Any]:
        if self.log.exists():
            yield from (json.loads(line) for line in self.log.read_text().split("\n")[:-1])


def _until(check: Callable[[], Any], *, seconds: float = 15) -> Any:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := check():
            return found
        time.sleep(0.02)
    raise AssertionError(f"not within {seconds} s")
