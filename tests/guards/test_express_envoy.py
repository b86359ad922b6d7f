"""Requests that the real Envoy signs, over HTTP at a real Express application with the guard."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from tests.guards.stands.signed_express import KEY_ID, SECRET, SYMMETRIC, express
from tests.proxy.conftest import forward
from tests.support.envoy import running
from tests.support.gateway import Gateway
from tests.support.project import policy, write_project
from tests.support.variables import GivenVariables
from wicketgate.compile import compile_project
from wicketgate.envoy.signature import keys_file
from wicketgate.ir.secrets import SigningKeys
from wicketgate_guard.sigv4a_public_key import public_key

KEYS = f"[default]\naws_access_key_id={KEY_ID}\naws_secret_access_key={SECRET}\n"
WAYS = {"sigv4": {}, "sigv4a": {"algorithm": "sigv4a"}, "unsigned": {"payload": "unsigned"}}


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway with a route for each way of signing, before one application that accepts both algorithms."""
    folder = tmp_path_factory.mktemp("express-envoy")
    keys = {**SYMMETRIC, "publicKeys": {KEY_ID: public_key(KEY_ID, SECRET)}}
    with express(tmp_path_factory.getbasetemp(), **keys) as port:
        name = "sign-request-inbound", "SignRequestInboundPolicy"
        policies = [policy(way, *name, keyId=KEY_ID, secret="$env(SECRET)", **WAYS[way]) for way in WAYS]
        paths = {f"/{way}/{{rest}}": dict.fromkeys(("get", "post"), forward(inbound=[way])) for way in WAYS}
        project = write_project(folder / "project", paths, policies=policies)
        variables = GivenVariables(plain={"ORIGIN": f"http://127.0.0.1:{port}"}, secret={"SECRET": SECRET})
        compiled = compile_project(project, variables=variables, listen=("127.0.0.1:0",))
        assert compiled.resources is not None, compiled.diagnostics
        signing = {name: each for name, each in compiled.resources.secrets.items() if isinstance(each, SigningKeys)}
        for each in signing.values():
            file = folder / keys_file(each.use)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(KEYS)
        with running(compiled.resources, folder, dict.fromkeys(signing, "living")) as envoy:
            yield Gateway(envoy)


@pytest.mark.parametrize("way", ["sigv4", "sigv4a"])
@pytest.mark.parametrize(
    ("method", "target", "body"),
    [
        ("GET", "/x", b""),
        ("GET", "/a%20b:c?b=2&a=1&a=0&empty=&plus=a+b&percent=%26", b""),
        ("POST", "/x", b""),
        ("POST", "/x?a=1", b'{"amount":1}'),
        ("POST", "/x", bytes(range(256)) * 4000),
    ],
)
def test_what_envoy_signs_is_let_in(gateway: Gateway, way: str, method: str, target: str, body: bytes) -> None:
    for _ in range(2):
        answer = gateway.get(f"/{way}{target}", "x-tenant: a  b", "cookie: a=1", method=method, body=body)
        assert (answer.status, answer.body, answer.all("x-verdict")) == (200, body, ["accepted"])


@pytest.mark.parametrize("way", ["sigv4", "sigv4a"])
@pytest.mark.parametrize(
    "fields",
    [
        ("x-two: 1", "x-two: 2"),
        ("x-two:", "x-two: 2"),
        ("x-two: 2", "x-two:"),
        ("x-empty:",),
        ("accept:  a ", "accept: \tb"),
        ("x-text: \xe4\xa0",),
        ("x-text: \xa0",),
    ],
    ids=repr,
)
def test_fields_count_as_envoy_reads_them(gateway: Gateway, way: str, fields: tuple[str, ...]) -> None:
    assert gateway.get(f"/{way}/x", *fields).status == 200


def test_a_body_in_chunks_is_let_in(gateway: Gateway) -> None:
    head = b"POST /sigv4/x HTTP/1.1\r\nhost: gateway\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n"
    answer = gateway.raw(head + b"3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n")
    assert (answer.status, answer.body) == (200, b"abcdefg")


def test_an_unsigned_body_is_refused_unless_it_is_asked_for(gateway: Gateway) -> None:
    assert gateway.get("/unsigned/x", method="POST", body=b"abc").status == 401


def test_a_websocket_is_let_in(gateway: Gateway) -> None:
    """It has no body, so that there is none to sign."""
    upgrade = b"GET /unsigned/x HTTP/1.1\r\nhost: gateway\r\nconnection: upgrade\r\nupgrade: websocket\r\n"
    with socket.create_connection(("127.0.0.1", gateway.envoy.port), timeout=10) as connection:
        connection.sendall(
            upgrade + b"sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-version: 13\r\n\r\n"
        )
        with connection.makefile("rb") as stream:
            assert stream.readline().startswith(b"HTTP/1.1 101 ")
            while stream.readline().strip():
                pass
            connection.sendall(b"both ways")
            assert stream.read(9) == b"both ways"
