"""An issuer that publishes its keys."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from guards.python.tests.issuer import Issuer


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    found = Issuer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found.fetched += 1
            found.answers.wait(10)
            body = found.key_set() if found.body is None else found.body
            self.send_response(found.status)
            self.send_header("content-length", str(len(body)))
            self.send_header("location", "/elsewhere")
            self.send_header("cache-control", "public, max-age=300")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Tests are quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    found.url = f"http://127.0.0.1:{server.server_port}/jwks.json"
    yield found
    found.answers.set()
    server.shutdown()
    thread.join()
    server.server_close()
