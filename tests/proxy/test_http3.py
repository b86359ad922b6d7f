"""HTTP/3 when TLS is on, by a real QUIC client; the same defences hold."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path

import pytest
from aioquic.asyncio.client import connect
from aioquic.asyncio.protocol import QuicConnectionProtocol
from aioquic.h3.connection import H3Connection
from aioquic.h3.events import DataReceived, H3Event, HeadersReceived
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.events import QuicEvent

from tests.proxy.conftest import Serve, forward
from tests.proxy.test_secret_header import GENUINE, SECRET
from tests.support.certificates import Authority, KeyPair
from tests.support.gateway import Gateway
from tests.support.http2 import http2_request
from tests.support.origin import RecordingOrigin
from tests.support.project import policy

Fields = list[tuple[bytes, bytes]]
HEAD: Fields = [(b":method", b"GET"), (b":scheme", b"https"), (b":authority", b"localhost"), (b":path", b"/x")]


class _Client(QuicConnectionProtocol):
    """One request over one connection."""

    def ask(self, fields: Fields) -> asyncio.Future[dict[bytes, bytes]]:
        self.http = H3Connection(self._quic)
        self.answer: asyncio.Future[dict[bytes, bytes]] = asyncio.get_running_loop().create_future()
        self.got: dict[bytes, bytes] = {b"body": b""}
        stream = self._quic.get_next_available_stream_id()
        self.http.send_headers(stream, fields, end_stream=True)
        self.transmit()
        return self.answer

    def quic_event_received(self, event: QuicEvent) -> None:
        for each in self.http.handle_event(event) if hasattr(self, "http") else ():
            self._take(each)

    def _take(self, event: H3Event) -> None:
        if isinstance(event, HeadersReceived):
            self.got.update(event.headers)
        elif isinstance(event, DataReceived):
            self.got[b"body"] += event.data
        if getattr(event, "stream_ended", False) and not self.answer.done():
            self.answer.set_result(self.got)


async def _http3(
    port: int, roots: Path, fields: Fields, *, seconds: float = 15, pair: KeyPair | None = None
) -> dict[bytes, bytes]:
    configuration = QuicConfiguration(is_client=True, alpn_protocols=["h3"], server_name="localhost")
    configuration.load_verify_locations(str(roots))
    if pair is not None:
        configuration.load_cert_chain(str(pair.certificate), str(pair.key))
    async with (
        asyncio.timeout(seconds),
        connect("127.0.0.1", port, configuration=configuration, create_protocol=_Client) as client,
    ):
        assert isinstance(client, _Client)
        return await client.ask(fields)


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority.create(tmp_path / "ca")


@pytest.fixture
def toml(tmp_path: Path, authority: Authority) -> str:
    folder = tmp_path / "project"
    folder.mkdir()
    pair = authority.issue("localhost")
    pair.certificate.rename(folder / "tls.crt")
    pair.key.rename(folder / "tls.key")
    return '[[listeners]]\ntls = { certificate = "tls.crt", key = "tls.key" }\n'


@pytest.fixture
def gateway(serve: Serve, toml: str) -> Gateway:
    return serve({"/x": {"get": forward(inbound=["secret"])}}, policies=[SECRET], toml=toml)


def _udp_port(gateway: Gateway) -> int:
    assert len(gateway.envoy.ports) == 2, "a TCP and a UDP listener"
    return gateway.envoy.ports[1]


@pytest.mark.parametrize("forged", [[], [(b"backend-secret", b"forged"), (b"backend-secret", b"again")]])
def test_exactly_one_genuine_value(
    gateway: Gateway, origin: RecordingOrigin, authority: Authority, forged: Fields
) -> None:
    answer = asyncio.run(_http3(_udp_port(gateway), authority.roots, [*HEAD, *forged]))
    assert (answer[b":status"], answer[b"body"]) == (b"200", b"ok")
    assert origin.last.all("backend-secret") == GENUINE


def test_underscores_are_refused(gateway: Gateway, origin: RecordingOrigin, authority: Authority) -> None:
    fields = [*HEAD, (b"backend_secret", b"forged")]
    with pytest.raises(TimeoutError):  # the stream is reset, and this client hears nothing of it
        asyncio.run(_http3(_udp_port(gateway), authority.roots, fields, seconds=3))
    assert origin.seen == []


def test_it_is_announced_over_tcp(gateway: Gateway, authority: Authority) -> None:
    context = ssl.create_default_context(cafile=str(authority.roots))
    context.set_alpn_protocols(["h2"])
    fields = [(name.decode(), value.decode()) for name, value in HEAD]
    answer = http2_request(gateway.envoy.port, fields, tls=context)
    assert dict(answer.headers)["alt-svc"].startswith('h3=":')


def test_nobody_can_show_a_certificate(serve: Serve, toml: str, origin: RecordingOrigin, authority: Authority) -> None:
    vouching = f'[[client_authorities]]\ncertificate = "{authority.roots}"\n'
    required = policy("certificate", "mtls-auth-inbound", "MTLSAuthInboundPolicy")
    paths = {"/x": {"get": forward(inbound=["certificate"])}}
    gateway = serve(paths, policies=[required], toml=toml + vouching)
    pair = authority.issue_client("caller")
    answer = asyncio.run(_http3(_udp_port(gateway), authority.roots, HEAD, pair=pair))
    assert (answer[b":status"], origin.seen) == (b"401", [])
