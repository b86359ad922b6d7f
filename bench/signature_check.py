"""Before signing is measured: what a peer signs is verified, by the guard that origins have."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace

from bench.http_probe import Answer, await_answer
from bench.job import KEY_ID, ORIGIN_BODY, SIGNING_REGION, SIGNING_SERVICE, Job
from bench.peers.peer import Peer
from bench.processes import BenchError
from wicketgate_guard import SignatureGuard, Verdict
from wicketgate_guard._canonical import SignedRequest

_AFTERWARDS = ("x-envoy-expected-rq-timeout-ms",)
"""What Envoy's router adds behind a filter that signs in the listener."""


@dataclass
class _Listener:
    """Keeps the heads of requests and answers all of them."""

    port: int = 0
    heads: list[bytes] = field(default_factory=list)

    def serve(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        length = f"HTTP/1.1 200 OK\r\ncontent-length: {len(ORIGIN_BODY)}\r\n\r\n".encode()
        with connection, suppress(OSError):
            data = b""
            while chunk := connection.recv(65536):
                data += chunk
                while b"\r\n\r\n" in data:
                    head, _, data = data.partition(b"\r\n\r\n")
                    self.heads.append(head)
                    connection.sendall(length + ORIGIN_BODY)


@contextmanager
def _listening() -> Iterator[_Listener]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        found = _Listener(listener.getsockname()[1])
        threading.Thread(target=found.serve, args=(listener,), daemon=True).start()
        yield found
        # Wakes the thread that waits for a connection.
        listener.shutdown(socket.SHUT_RDWR)


def check_signer(peer: Peer, job: Job, path: str) -> None:
    """Raise `BenchError` unless the peer signs, and the guard takes the signature and no other key's."""
    folder = job.folder.with_name(f"{job.folder.name}-verified")
    folder.mkdir()
    with _listening() as origin:
        server = peer.start(replace(job, folder=folder, origin_port=origin.port))
        try:
            await_answer(server, path, Answer(200, ORIGIN_BODY).__eq__)
        finally:
            server.stop()
        request = _parsed(origin.heads[-1])
    for secret, wanted in ((job.secret, Verdict.ACCEPTED), ("another secret of that length", Verdict.MISMATCH)):
        guard = SignatureGuard(
            secrets={KEY_ID: secret}, service=SIGNING_SERVICE, region=SIGNING_REGION, unsigned_headers=_AFTERWARDS
        )
        if (found := guard.check(request)) is not wanted:
            raise BenchError(f"{peer.name}: the guard says {found} of its signature, not {wanted}")


def _parsed(head: bytes) -> SignedRequest:
    first, *lines = head.split(b"\r\n")
    method, target, _ = first.split(b" ")
    fields = [tuple(part.strip() for part in line.split(b":", 1)) for line in lines]
    headers = [(name.lower(), value) for name, value in fields]
    return SignedRequest(method.decode(), target, headers, b"")
