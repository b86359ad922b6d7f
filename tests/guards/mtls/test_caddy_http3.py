"""Caddy takes HTTP/3 on the same port without being asked to; the same checks hold there."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path

from aioquic.asyncio.client import connect
from aioquic.asyncio.protocol import QuicConnectionProtocol
from aioquic.h3.connection import H3Connection
from aioquic.h3.events import HeadersReceived
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.events import ConnectionTerminated, QuicEvent

from tests.guards.mtls.credentials import Credentials
from tests.guards.mtls.stands import MTLS_STANDS
from tests.support.certificates import KeyPair

_HEAD = [(b":method", b"GET"), (b":scheme", b"https"), (b":authority", b"origin.test"), (b":path", b"/orders/1")]
_SECONDS = 20


class _Caller(QuicConnectionProtocol):
    """Sends one request; `status` is its answer, or None when the server ended the connection before."""

    def ask(self) -> asyncio.Future[bytes | None]:
        self.http = H3Connection(self._quic)
        self.status: asyncio.Future[bytes | None] = asyncio.get_running_loop().create_future()
        self.http.send_headers(self._quic.get_next_available_stream_id(), _HEAD, end_stream=True)
        self.transmit()
        return self.status

    def quic_event_received(self, event: QuicEvent) -> None:
        if not hasattr(self, "http"):
            return
        if isinstance(event, ConnectionTerminated):
            self._end(None)
        for each in self.http.handle_event(event):
            if isinstance(each, HeadersReceived):
                self._end(dict(each.headers)[b":status"])

    def _end(self, status: bytes | None) -> None:
        if not self.status.done():
            self.status.set_result(status)


async def _status(port: int, pair: KeyPair | None) -> bytes | None:
    configuration = QuicConfiguration(
        is_client=True, alpn_protocols=["h3"], server_name="origin.test", verify_mode=ssl.CERT_NONE
    )
    if pair is not None:
        configuration.load_cert_chain(pair.certificate, pair.key)
    async with (
        asyncio.timeout(_SECONDS),
        connect("127.0.0.1", port, configuration=configuration, create_protocol=_Caller) as caller,
    ):
        assert isinstance(caller, _Caller)
        return await caller.ask()


def test_http3(credentials: Credentials, tmp_path: Path) -> None:
    comers = {"right": credentials.accepted["right"], **credentials.refused}
    with MTLS_STANDS["caddy"](tmp_path, credentials) as port:
        statuses = {name: asyncio.run(_status(port, pair)) for name, pair in comers.items()}
    assert statuses.pop("right") == b"200"
    assert set(statuses.values()) == {None, b"401"}
    assert statuses["none"] is statuses["unknown-ca"] is None
