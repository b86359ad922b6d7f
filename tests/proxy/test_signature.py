"""No request leaves unsigned: neither while the gate is shut nor when it is open and Envoy has no keys."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.proxy.conftest import forward
from tests.support.envoy import running
from tests.support.gateway import Gateway
from tests.support.origin import RecordingOrigin
from tests.support.project import policy, write_project
from tests.support.variables import GivenVariables
from wicketgate.compile import compile_project
from wicketgate.envoy.signature import keys_file
from wicketgate.ir.secrets import SigningKeys

SIGN = policy("sign", "sign-request-inbound", "SignRequestInboundPolicy", keyId="us", secret="$env(SECRET)")
CALLERS = ("authorization: AWS4-HMAC-SHA256 Credential=forged", "x-amz-date: 20200101T000000Z")


@contextmanager
def _gateway(folder: Path, origin: RecordingOrigin, *, gate: str, keys: str = "") -> Iterator[Gateway]:
    project = write_project(folder / "project", {"/x": {"get": forward(inbound=["sign"])}}, policies=[SIGN])
    variables = GivenVariables(plain={"ORIGIN": origin.url}, secret={"SECRET": "the-one-genuine-secret"})
    compiled = compile_project(project, variables=variables, listen=("127.0.0.1:0",))
    assert compiled.resources is not None, compiled.diagnostics
    ((name, source),) = compiled.resources.secrets.items()
    assert isinstance(source, SigningKeys)
    if keys:
        file = folder / keys_file(source.use)
        file.parent.mkdir(parents=True)
        file.write_text(keys)
    with running(compiled.resources, folder, {name: gate}) as envoy:
        yield Gateway(envoy)


KEYS = "[default]\naws_access_key_id=us\naws_secret_access_key=the-one-genuine-secret\n"


def test_an_open_gate_and_keys_make_a_signature(tmp_path: Path, origin: RecordingOrigin) -> None:
    with _gateway(tmp_path, origin, gate="living", keys=KEYS) as gateway:
        assert gateway.get("/x", *CALLERS).status == 200
        assert origin.last.one("authorization").startswith("AWS4-HMAC-SHA256 Credential=us/")
        assert origin.last.one("x-amz-date") != "20200101T000000Z"


def test_a_shut_gate_stops_though_there_are_keys(tmp_path: Path, origin: RecordingOrigin) -> None:
    with _gateway(tmp_path, origin, gate="", keys=KEYS) as gateway:
        answer = gateway.get("/x", *CALLERS)
        assert (answer.status, answer.json()["code"]) == (503, "credential-missing")
        assert origin.seen == []


def test_an_open_gate_without_keys_stops_too(tmp_path: Path, origin: RecordingOrigin) -> None:
    with _gateway(tmp_path, origin, gate="living") as gateway:
        answer = gateway.get("/x", *CALLERS)
        assert (answer.status, answer.one("content-type")) == (503, "application/problem+json")
        assert origin.seen == []
