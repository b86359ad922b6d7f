"""botocore on our own requests: bounded, over verified TLS, one attempt at a time, outside the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from wicketgate.broker.provider_http import Endpoint, send_from_thread
from wicketgate.broker.provider_words import Reply
from wicketgate.broker.source import Surroundings


class Sender:
    """Sends what botocore has signed, from another thread; it takes the answer as if it had sent it itself (its event
    `before-send`)."""

    def __init__(self, loop: asyncio.AbstractEventLoop, surroundings: Surroundings) -> None:
        self._loop = loop
        self._surroundings = surroundings
        self.reply = Reply(0, b"", {})
        """The answer, for what botocore drops of it; the status is 0 while there is none."""

    def __call__(self, request: Any, **_: object) -> Any:
        from botocore.awsrequest import AWSResponse

        headers = {name: _bytes(value).decode() for name, value in request.headers.items()}
        endpoint = Endpoint(request.url, self._surroundings.roots)
        reply = send_from_thread(self._loop, endpoint, request.method, _bytes(request.body), headers=headers)
        self.reply = reply
        return AWSResponse(request.url, reply.status, reply.headers, _Body(reply.body))


@dataclass(frozen=True, slots=True)
class _Body:
    """What botocore reads the content of an answer from."""

    content: bytes

    def stream(self) -> Iterator[bytes]:
        yield self.content


def _bytes(written: str | bytes) -> bytes:
    return written.encode() if isinstance(written, str) else written
