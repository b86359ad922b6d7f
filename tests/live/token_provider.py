"""An OAuth 2.0 provider that says in each token when it ends, and can be out of order."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qs

from tests.support.origin import RecordingOrigin, Seen


@dataclass
class Provider:
    """`life` in seconds; while `down` is a status, everybody is answered with it."""

    life: float = 60.0
    down: int = 0
    issued: list[str] = field(default_factory=list)
    server: RecordingOrigin = field(default_factory=RecordingOrigin)

    @property
    def url(self) -> str:
        return f"{self.server.url}/token"

    def reply(self, seen: Seen) -> bytes:
        if self.down:
            return _answer(self.down, {"error": "temporarily_unavailable", "error_description": "back in a minute"})
        form = {name: values[0] for name, values in parse_qs(seen.body.decode()).items()}
        token = f"for-{form.get('audience', 'nobody')}-{len(self.issued)}-{time.time() + self.life:.3f}"
        self.issued.append(token)
        return _answer(200, {"access_token": token, "token_type": "Bearer", "expires_in": self.life})


@contextmanager
def provider(**settings: float) -> Iterator[Provider]:
    """Run a provider."""
    found = Provider(**settings)  # type: ignore[arg-type]
    found.server.reply = found.reply
    with found.server:
        yield found


def is_living(authorization: str, audience: str) -> bool:
    """Tell whether a header holds a token of the provider's for this audience that has not ended."""
    scheme, _, token = authorization.partition(" ")
    kind, _, rest = token.rpartition("-")
    return scheme == "Bearer" and kind.startswith(f"for-{audience}-") and float(rest) > time.time()


def _answer(status: int, found: object) -> bytes:
    body = json.dumps(found).encode()
    head = f"HTTP/1.1 {status} Status\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    return head.encode() + body
