"""What is repeated, and what never is."""

from __future__ import annotations

import socket
import struct
import threading
import time
from http.client import HTTPConnection

import pytest

from tests.proxy.conftest import Serve, forward
from tests.proxy.test_secret_header import GENUINE, SECRET
from tests.support.origin import OK, RecordingOrigin, Seen


def test_a_reset_connection_is_tried_again_for_get_and_not_for_post(serve: Serve, origin: RecordingOrigin) -> None:
    """The request was read before the connection went: a POST may have had its effect."""
    refused: list[str] = []

    def reply(seen: object) -> bytes:
        if len(refused) < 2:
            refused.append("")
            for connection in origin.open_connections():
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                connection.close()
            raise OSError
        return b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"

    origin.reply = reply
    gateway = serve({"/x": {"get": forward(), "post": forward()}})
    assert gateway.get("/x").status == 200
    assert [seen.method for seen in origin.seen] == ["GET"] * 3
    refused.clear()
    origin.seen.clear()
    assert gateway.get("/x", method="POST", body=b"order").status == 503
    assert [seen.method for seen in origin.seen] == ["POST"]


def test_each_try_carries_the_proof_once(serve: Serve, origin: RecordingOrigin) -> None:
    answers = [b"HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n", OK]
    origin.reply = lambda seen: answers.pop(0)
    origins = {"origins": [{"name": "o", "url": origin.url, "retries": {"statusCodes": [503]}}]}
    gateway = serve(
        {"/x": {"get": forward("origin://o", inbound=["secret"]), "post": forward("origin://o")}},
        policies=[SECRET],
        origins=origins,
    )
    assert gateway.get("/x", "backend-secret: forged").status == 200
    assert [seen.all("backend-secret") for seen in origin.seen] == [GENUINE, GENUINE]
    answers[:] = [b"HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n", OK]
    assert gateway.get("/x", method="POST", body=b"1").status == 503


def test_several_endpoints_share_the_load_and_a_dead_one_costs_nothing(serve: Serve, origin: RecordingOrigin) -> None:
    """It is never left out here: each try that finds it dead must go elsewhere."""
    with RecordingOrigin() as second:
        endpoints = [f"127.0.0.1:{port}" for port in (origin.port, second.port, 1)]
        spec = {"name": "o", "url": "http://shop.internal", "endpoints": endpoints, "network": "n"}
        origins = {
            "origins": [{**spec, "passiveHealth": {"consecutiveErrors": 1000}}],
            "networks": [{"name": "n", "addresses": ["127.0.0.0/8"]}],
        }
        gateway = serve({"/x": {"get": forward("origin://o"), "post": forward("origin://o")}}, origins=origins)
        statuses = [gateway.get("/x", method=method).status for method in ("GET", "POST") * 100]
        assert statuses == [200] * 200
        assert len(origin.seen) > 3
        assert len(second.seen) > 3
        assert origin.last.one("host") == "shop.internal"


def test_an_endpoint_that_fails_is_left_out_for_a_while(serve: Serve, origin: RecordingOrigin) -> None:
    def failing(seen: Seen) -> bytes:
        return b"HTTP/1.1 500 Broken\r\ncontent-length: 0\r\n\r\n"

    with RecordingOrigin(reply=failing) as bad:
        health = {"consecutiveErrors": 2, "ejectionTime": "30s", "maxEjectedPercent": 50}
        endpoints = [f"127.0.0.1:{origin.port}", f"127.0.0.1:{bad.port}"]
        spec = {"name": "o", "url": "http://127.0.0.1", "endpoints": endpoints, "passiveHealth": health}
        gateway = serve({"/x": {"get": forward("origin://o")}}, origins={"origins": [spec]})
        for _ in range(30):
            gateway.get("/x")
        before = len(bad.seen)
        assert [gateway.get("/x").status for _ in range(10)] == [200] * 10
        assert len(bad.seen) == before <= 6


@pytest.mark.parametrize("limit", ["requests", "connections"])
def test_more_than_the_circuit_takes_is_503_at_once(serve: Serve, origin: RecordingOrigin, limit: str) -> None:
    def slow(seen: Seen) -> bytes:
        time.sleep(0.7)
        return OK

    origin.reply = slow
    spec = {"name": "o", "url": origin.url, "circuitLimits": {limit: 1, "pendingRequests": 1}}
    gateway = serve({"/x": {"get": forward("origin://o")}}, origins={"origins": [spec]})
    answers: list[tuple[int, float]] = []

    def ask() -> None:
        began = time.monotonic()
        connection = HTTPConnection("127.0.0.1", gateway.envoy.port, timeout=10)
        connection.request("GET", "/x")
        answers.append((connection.getresponse().status, time.monotonic() - began))
        connection.close()

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
        time.sleep(0.02)
    for thread in threads:
        thread.join(10)
    refused = [seconds for status, seconds in answers if status == 503]
    assert {status for status, _ in answers} == {200, 503}
    assert len(refused) >= 3
    assert max(refused) < 0.5
