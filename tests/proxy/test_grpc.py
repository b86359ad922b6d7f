"""gRPC passes through: h2c from a real client to a real server, streams both ways, trailers and status."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import grpc
import pytest

from tests.proxy.conftest import Serve, forward
from tests.proxy.test_secret_header import GENUINE, SECRET


@dataclass
class Backend:
    port: int = 0
    secrets: list[list[str]] = field(default_factory=list)

    def note(self, context: grpc.ServicerContext) -> None:
        metadata = context.invocation_metadata()
        self.secrets.append([str(value) for name, value in metadata if name == "backend-secret"])

    def echo(self, request: bytes, context: grpc.ServicerContext) -> bytes:
        self.note(context)
        if request == b"refuse":
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, "not today")
        context.set_trailing_metadata((("x-sum", str(len(request))),))
        return request

    def chat(self, requests: Iterator[bytes], context: grpc.ServicerContext) -> Iterator[bytes]:
        self.note(context)
        for request in requests:
            yield request.upper()


@pytest.fixture
def backend() -> Iterator[Backend]:
    backend = Backend()
    server = grpc.server(ThreadPoolExecutor(4))
    handlers = {
        "Echo": grpc.unary_unary_rpc_method_handler(backend.echo),
        "Chat": grpc.stream_stream_rpc_method_handler(backend.chat),
    }
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("test.Service", handlers),))
    backend.port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield backend
    server.stop(None).wait(5)


@pytest.fixture
def channel(serve: Serve, backend: Backend) -> Iterator[grpc.Channel]:
    item = {"x-zuplo-path": {"pathMode": "url-pattern"}, "post": forward("origin://grpc", inbound=["secret"])}
    origins = {"origins": [{"name": "grpc", "url": f"http://127.0.0.1:{backend.port}", "protocol": "http2"}]}
    gateway = serve({"/test.Service/*": item}, policies=[SECRET], origins=origins)
    with grpc.insecure_channel(f"127.0.0.1:{gateway.envoy.port}") as channel:
        yield channel


def test_a_call_its_trailers_and_its_proof(channel: grpc.Channel, backend: Backend) -> None:
    call = channel.unary_unary("/test.Service/Echo")
    reply, outcome = call.with_call(b"hello", metadata=(("backend-secret", "forged"),), timeout=10)
    assert reply == b"hello"
    assert dict(outcome.trailing_metadata())["x-sum"] == "5"
    assert backend.secrets == [GENUINE]


def test_the_status_of_the_origin_passes(channel: grpc.Channel) -> None:
    with pytest.raises(grpc.RpcError) as refused:
        channel.unary_unary("/test.Service/Echo")(b"refuse", timeout=10)
    assert (refused.value.code(), refused.value.details()) == (grpc.StatusCode.FAILED_PRECONDITION, "not today")


def test_streams_go_both_ways_at_once(channel: grpc.Channel) -> None:
    replies = channel.stream_stream("/test.Service/Chat")(iter([b"a", b"b" * 100_000, b"c"]), timeout=10)
    assert list(replies) == [b"A", b"B" * 100_000, b"C"]


def test_an_unknown_service_is_unimplemented(channel: grpc.Channel) -> None:
    with pytest.raises(grpc.RpcError) as refused:
        channel.unary_unary("/other.Service/Echo")(b"x", timeout=10)
    assert refused.value.code() == grpc.StatusCode.UNIMPLEMENTED
