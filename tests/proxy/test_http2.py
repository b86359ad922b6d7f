"""HTTP/2 from callers: h2c by prior knowledge, and over TLS; the same defences hold (threats D1, D2, D4)."""

from __future__ import annotations

import socket
import ssl
import threading
from pathlib import Path

import pytest

from tests.proxy.conftest import Serve, forward
from tests.proxy.test_secret_header import GENUINE, SECRET
from tests.support.certificates import Authority
from tests.support.gateway import Gateway
from tests.support.http2 import Fields, http2_request
from tests.support.origin import RecordingOrigin

HEAD: Fields = [(":method", "GET"), (":scheme", "http"), (":authority", "gateway"), (":path", "/x")]
POST: Fields = [(":method", "POST"), *HEAD[1:]]


@pytest.fixture
def gateway(serve: Serve) -> Gateway:
    return serve({"/x": {"get": forward(inbound=["secret"]), "post": forward(inbound=["secret"])}}, policies=[SECRET])


@pytest.mark.parametrize(
    "forged",
    [
        [],
        [("backend-secret", "forged")],
        [("backend-secret", "forged"), ("backend-secret", "again")],
        [("backend-secret", "")],
    ],
)
def test_exactly_one_genuine_value(gateway: Gateway, origin: RecordingOrigin, forged: Fields) -> None:
    answer = http2_request(gateway.envoy.port, [*HEAD, *forged])
    assert (answer.status, answer.body) == (200, b"ok")
    assert origin.last.all("backend-secret") == GENUINE


@pytest.mark.parametrize(
    "fields",
    [
        [*HEAD, ("backend_secret", "forged")],
        [*HEAD, ("Backend-Secret", "forged")],
        [*HEAD, ("connection", "backend-secret")],
        [*HEAD, ("transfer-encoding", "chunked")],
        [*HEAD, ("x", "a\r\nbackend-secret: forged")],
        [*HEAD[:2], (":authority", "a,b"), HEAD[3]],
        [*HEAD, (":path", "/admin")],
    ],
)
def test_what_is_not_http2_is_refused(gateway: Gateway, origin: RecordingOrigin, fields: Fields) -> None:
    answer = http2_request(gateway.envoy.port, fields)
    assert answer.reset or answer.status == 400
    assert origin.seen == []


@pytest.mark.parametrize("name", ["backend-secret", "x-original-url"])
def test_trailers_carry_no_forged_copy(gateway: Gateway, origin: RecordingOrigin, name: str) -> None:
    answer = http2_request(gateway.envoy.port, POST, body=b"hi", trailers=[(name, "forged"), ("x-kept", "yes")])
    assert answer.status == 200
    assert origin.last.body == b"hi"
    assert origin.last.trailers == (("x-kept", "yes"),)
    assert origin.last.all("backend-secret") == GENUINE


def test_trailers_of_the_origin_reach_the_caller(gateway: Gateway, origin: RecordingOrigin) -> None:
    head = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ntrailer: x-sum\r\n\r\n"
    origin.reply = lambda seen: head + b"2\r\nok\r\n0\r\nx-sum: 7\r\n\r\n"
    assert http2_request(gateway.envoy.port, HEAD).trailers == (("x-sum", "7"),)


def test_connect_is_refused(gateway: Gateway, origin: RecordingOrigin) -> None:
    answer = http2_request(
        gateway.envoy.port, [(":method", "CONNECT"), (":authority", "evil.example:443")], body=b"early"
    )
    assert answer.reset or answer.status >= 400
    assert origin.seen == []


def _tls(authority: Authority, *alpn: str) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(authority.roots))
    context.set_alpn_protocols(list(alpn))
    return context


def _toml(pair_folder: Path, authority: Authority) -> str:
    pair = authority.issue("localhost")
    pair.certificate.rename(pair_folder / "tls.crt")
    pair.key.rename(pair_folder / "tls.key")
    return '[[listeners]]\naddress = "127.0.0.1:0"\nhttp3 = false\ntls = { certificate = "tls.crt", key = "tls.key" }\n'


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority.create(tmp_path / "ca")


@pytest.fixture
def over_tls(serve: Serve, tmp_path: Path, authority: Authority) -> Gateway:
    (tmp_path / "project").mkdir()
    return serve({"/x": {"get": forward()}}, toml=_toml(tmp_path / "project", authority))


def test_http2_by_alpn(over_tls: Gateway, authority: Authority) -> None:
    answer = http2_request(over_tls.envoy.port, HEAD, tls=_tls(authority, "h2"))
    assert (answer.status, answer.body) == (200, b"ok")


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_tls_1_2_and_1_3(over_tls: Gateway, authority: Authority, version: ssl.TLSVersion) -> None:
    context = _tls(authority, "h2")
    context.minimum_version = context.maximum_version = version
    assert http2_request(over_tls.envoy.port, HEAD, tls=context).status == 200


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1:DeprecationWarning")
def test_tls_1_1_is_refused(over_tls: Gateway, authority: Authority) -> None:
    context = _tls(authority, "h2")
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.raises(ssl.SSLError):
        http2_request(over_tls.envoy.port, HEAD, tls=context)


def test_an_event_stream_arrives_before_it_ends(serve: Serve, origin: RecordingOrigin) -> None:
    hold = threading.Event()

    def reply(seen: object) -> bytes:
        (connection,) = origin.open_connections()
        connection.sendall(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ncontent-type: text/event-stream\r\n\r\n")
        connection.sendall(b"9\r\ndata: 1\n\n\r\n")
        hold.wait(10)
        return b"0\r\n\r\n"

    origin.reply = reply
    gateway = serve({"/x": {"get": forward()}})
    with socket.create_connection(("127.0.0.1", gateway.envoy.port), timeout=5) as connection:
        connection.sendall(b"GET /x HTTP/1.1\r\nhost: g\r\n\r\n")
        got = b""
        while b"data: 1" not in got:
            got += connection.recv(4096)
        hold.set()
