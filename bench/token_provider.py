"""An OAuth 2.0 token endpoint on loopback that gives everybody the same token."""

from __future__ import annotations

import json
import threading
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from bench.job import CLIENT
from bench.processes import BenchError

_WAIT_SECONDS = 300.0


@dataclass
class TokenProvider:
    """`given` counts the tokens; while it is `down`, everybody is answered 503."""

    url: str = ""
    given: int = 0
    down: bool = False
    _more: threading.Condition = field(default_factory=threading.Condition)

    def note(self) -> None:
        with self._more:
            self.given += 1
            self._more.notify_all()

    def await_given(self, count: int) -> None:
        """Wait for so many. Raises `BenchError`."""
        with self._more:
            if not self._more.wait_for(lambda: self.given >= count, timeout=_WAIT_SECONDS):
                raise BenchError(f"{self.given} tokens were asked for in {_WAIT_SECONDS} s, not {count}")


@contextmanager
def token_provider(token: str, *, life: float) -> Iterator[TokenProvider]:
    """Serve until the block ends. The client's secret is the token itself; tokens live for `life` seconds."""
    provider = TokenProvider()

    class Endpoint(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("content-length", "0")))
            if self.headers.get("authorization") != f"Basic {b64encode(f'{CLIENT}:{token}'.encode()).decode()}":
                self.send_error(401)
                return
            if provider.down:
                self.send_error(503)
                return
            provider.note()
            body = json.dumps({"access_token": token, "token_type": "Bearer", "expires_in": life}).encode()
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 128

    with Server(("127.0.0.1", 0), Endpoint) as server:
        provider.url = f"http://127.0.0.1:{server.server_address[1]}/token"
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield provider
        finally:
            server.shutdown()
            thread.join()
