"""Paths that the gateway makes, signed by Envoy and judged by our own guard, which sees what was sent."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.proxy.conftest import forward, rewrite
from tests.support.gateway import Gateway
from tests.support.origin import RecordingOrigin, Seen
from tests.support.project import handler, operation, policy, write_project
from tests.support.signing import profile, signing
from tests.support.sigv4 import Key, expected
from wicketgate_guard import SignatureGuard, Verdict
from wicketgate_guard._canonical import SignedRequest

KEY = Key()
S3 = Key(service="s3")
_NAME = "sign-request-inbound", "SignRequestInboundPolicy"
SIGNED = policy("signed", *_NAME, keyId=KEY.key_id, secret="$env(SECRET)")
FOR_S3 = policy("s3", *_NAME, keyId=KEY.key_id, secret="$env(SECRET)", service="s3")


_ANYTHING = {"x-zuplo-path": {"pathMode": "url-pattern"}}


def _signed(pattern: str) -> Any:
    return {
        "get": operation(handler("urlRewriteHandler", rewritePattern="${env.ORIGIN}" + pattern), inbound=["signed"])
    }


PATHS: dict[str, Any] = {
    "/query/{rest}": _signed("/a/${query.v}/b"),
    "/header/{rest}": _signed('/a/${headers.get("x-v")}/${params.rest}?v=${query.v}'),
    "/end/{rest}": _signed("/a/${params.rest}/${query.v}"),
    "/all:rest(.*)": {**_ANYTHING, **_signed("/a/${params.rest}")},
    "/inside/:rest(.*)": {**_ANYTHING, **_signed("/a/${params.rest}/b")},
    "/base/{rest}": {"get": forward("${env.ORIGIN}/v1/", inbound=["signed"])},
    "/insert/{rest}": {"get": forward("${env.ORIGIN}/v1/${query.v}/x", inbound=["signed"])},
    "/unsigned/{rest}": {"get": rewrite("/a//${params.rest}/${query.v}/b")},
    "/empty/{rest}": {"get": rewrite("/a/${params.rest}/${query.v}/b?x=//${query.v}")},
    "/prefix/{rest}": {"get": forward("${env.ORIGIN}/b//c")},
    "/s3/{rest}": {"get": forward("${env.ORIGIN}/b//c", inbound=["s3"])},
}


@pytest.fixture(scope="module")
def origin() -> Iterator[RecordingOrigin]:
    with RecordingOrigin() as found:
        yield found


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory, origin: RecordingOrigin) -> Iterator[Gateway]:
    folder = tmp_path_factory.mktemp("paths")
    project = write_project(folder / "project", PATHS, policies=[SIGNED, FOR_S3])
    with signing(project, folder, origin=origin.url, keys=profile(KEY)) as signed:
        yield signed.gateway


def _verdict(seen: Seen) -> Verdict:
    headers = [(name.lower().encode(), value.encode("latin-1")) for name, value in seen.headers]
    guard = SignatureGuard(secrets={KEY.key_id: KEY.secret})
    return guard.check(SignedRequest(seen.method, seen.target.encode(), headers, seen.body))


@pytest.mark.parametrize(
    ("asked", "sent"),
    [
        ("/query/x?v=1", "/a/1/b?v=1"),
        ("/query/x?v=", "/a/b?v="),
        ("/query/x", "/a/b"),
        ("/query/x?v=%2F", "/a/%2F/b?v=%2F"),
        ("/header/x?v=//", "/a/x?v=%2F%2F&v=//"),
        ("/end/x", "/a/x/"),
        ("/all", "/a/"),
        ("/all/x", "/a/x"),
        ("/all/x/", "/a/x/"),
        ("/all//x///y//", "/a/x/y/"),
        ("/inside/", "/a/b"),
        ("/inside/x/", "/a/x/b"),
        ("/inside/x/y", "/a/x/y/b"),
        ("/inside/%20x+%2B", "/a/%20x+%2B/b"),
        ("/base/x", "/v1/base/x"),
        ("/insert/x", "/v1/x/insert/x"),
    ],
)
def test_what_is_sent_is_what_is_signed(gateway: Gateway, origin: RecordingOrigin, asked: str, sent: str) -> None:
    assert (gateway.get(asked).status, origin.last.target) == (200, sent)
    assert _verdict(origin.last) is Verdict.ACCEPTED


@pytest.mark.parametrize(
    ("asked", "sent"),
    [
        ("/empty/x?v=1", "/a/x/1/b?x=//1&v=1"),
        ("/empty/x?v=", "/a/x/b?x=//&v="),
        ("/unsigned/x?v=1", "/a//x/1/b?v=1"),
        ("/unsigned/x", "/a//x//b"),
        ("/prefix/x", "/b//c/prefix/x"),
    ],
)
def test_without_a_signature_a_pattern_is_what_is_written(
    gateway: Gateway, origin: RecordingOrigin, asked: str, sent: str
) -> None:
    """A value leaves no empty segment, unless the pattern shows that they are wanted."""
    assert gateway.get(asked).status == 200
    assert origin.last.target == sent


def test_s3_is_signed_with_its_empty_segments(gateway: Gateway, origin: RecordingOrigin) -> None:
    """They are part of the names of objects there."""
    assert gateway.get("/s3/x").status == 200
    assert origin.last.target == "/b//c/s3/x"
    assert origin.last.one("authorization") == expected(origin.last, S3)


def test_baggage_may_change_on_the_way(gateway: Gateway, origin: RecordingOrigin) -> None:
    assert gateway.get("/base/x", "baggage: a=1").status == 200
    headers = tuple((name, "a=2" if name == "baggage" else value) for name, value in origin.last.headers)
    assert _verdict(Seen("GET", origin.last.target, headers, b"")) is Verdict.ACCEPTED
