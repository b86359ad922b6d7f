"""Keys, tokens, and servers that publish the keys or misbehave."""

from __future__ import annotations

import base64
import hashlib
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec

from wicketgate_guard import TokenGuard, Verdict

ISSUER = "https://gateway.example.com/__zuplo/issuer"


class Issuer:
    """Keys by their ids, and tokens; `url` is where a server publishes the keys, once there is one."""

    def __init__(self) -> None:
        self.url = ""
        self.keys: dict[str, Any] = {}
        self.fetched = 0
        self.status = 200
        self.body: bytes | None = None
        self.answers = threading.Event()
        self.answers.set()
        self.new_key("k1")

    def new_key(self, kid: str) -> None:
        self.keys[kid] = ec.generate_private_key(ec.SECP256R1())

    def key_set(self) -> bytes:
        listed = []
        for kid, key in self.keys.items():
            public = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(key.public_key()))
            listed.append({**public, "kid": kid, "use": "sig", "alg": "ES256"})
        return json.dumps({"keys": listed}).encode()

    def token(
        self, *, kid: str = "k1", key: Any = None, algorithm: str = "ES256", header: Any = None, **claims: Any
    ) -> str:
        now = int(time.time())
        found = {
            "iss": ISSUER,
            "aud": "orders",
            "sub": "wicket:berlin:orders",
            "installation": "berlin",
            "iat": now,
            "nbf": now - 30,
            "exp": now + 300,
            "jti": base64.b64encode(hashlib.sha256(str(time.perf_counter()).encode()).digest()).decode(),
            **claims,
        }
        found = {name: value for name, value in found.items() if value is not None}
        signing = self.keys[kid] if key is None else key
        return jwt.encode(found, signing, algorithm=algorithm, headers={"kid": kid, **(header or {})})

    def invented(self, kid: str) -> str:
        """Return a token that names a key of which nobody has heard."""
        return ".".join([encoded(json.dumps({"alg": "ES256", "kid": kid}).encode()), *self.token().split(".")[1:]])


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def guarding(at: Issuer, **options: Any) -> TokenGuard:
    return TokenGuard(**{"issuer": ISSUER, "audience": "orders", "jwks": at.url, **options})


def judged(guard: TokenGuard, token: str) -> Verdict:
    return guard.check([f"Bearer {token}".encode()])


@contextmanager
def talking(handler: Callable[[socket.socket], None]) -> Iterator[str]:
    """Give every connection to the handler, byte by byte if it likes; yield the URL."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def handle(connection: socket.socket) -> None:
            with connection, suppress(OSError):
                connection.recv(65536)
                handler(connection)

        def serve() -> None:
            with suppress(OSError):
                while True:
                    threading.Thread(target=handle, args=(listener.accept()[0],), daemon=True).start()

        threading.Thread(target=serve, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}/jwks.json"
        finally:
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)


def good_answer(body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%s" % (len(body), body)
