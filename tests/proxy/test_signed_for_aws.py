"""What is signed for AWS leaves out what its SDKs leave out: a proxy before a private endpoint may change it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.auth import SIGNED_HEADERS_BLACKLIST

from tests.proxy.conftest import forward
from tests.support.gateway import Gateway
from tests.support.origin import RecordingOrigin, Seen
from tests.support.project import policy, write_project
from tests.support.signing import profile, signing
from tests.support.sigv4 import Key, expected, signed_headers, verify_asymmetric

KEY = Key(service="execute-api", region="eu-west-1")
_WAYS: dict[str, dict[str, Any]] = {
    "v4": {"region": KEY.region},
    "v4a": {"region": "eu-west-1,us-east-*", "algorithm": "sigv4a"},
    "unsigned": {"region": KEY.region, "payload": "unsigned"},
}
_CHANGED = ("user-agent: me", "baggage: a=1", "trailer: x", "proxy-authorization: Basic eA==", "via: 1.1 x")


@pytest.fixture(scope="module")
def origin() -> Iterator[RecordingOrigin]:
    with RecordingOrigin() as found:
        yield found


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory, origin: RecordingOrigin) -> Iterator[Gateway]:
    folder = tmp_path_factory.mktemp("aws")
    name = "upstream-aws-service-auth-inbound", "UpstreamAwsServiceAuthInboundPolicy"
    keys = {"accessKeyId": KEY.key_id, "secretAccessKey": "$env(SECRET)", "service": KEY.service}
    policies = [policy(way, *name, **{**keys, **options}) for way, options in _WAYS.items()]
    paths = {f"/{way}/{{rest}}": dict.fromkeys(("get", "post"), forward(inbound=[way])) for way in _WAYS}
    project = write_project(folder / "project", paths, policies=policies)
    with signing(project, folder, origin=origin.url, keys=profile(KEY)) as signed:
        yield signed.gateway


def _verify(seen: Seen, way: str) -> None:
    if way == "v4a":
        assert seen.one("x-amz-region-set") == "eu-west-1,us-east-*"
        verify_asymmetric(seen, KEY)
    else:
        assert seen.one("authorization") == expected(seen, KEY)


@pytest.mark.parametrize("way", _WAYS)
def test_hops_may_change_what_sdks_do_not_sign(gateway: Gateway, origin: RecordingOrigin, way: str) -> None:
    body = b"x" * 2_000_000 if way == "unsigned" else b"body"
    answer = gateway.get(f"/{way}/x?b=1&a=2", *_CHANGED, "x-tenant: a", method="POST", body=body)
    assert (answer.status, origin.last.body) == (200, body)
    signed = set(signed_headers(origin.last))
    assert not signed & {*SIGNED_HEADERS_BLACKLIST, "via"}
    assert signed >= {"host", "x-amz-date", "x-amz-content-sha256", "x-tenant", "content-length"}
    _verify(origin.last, way)
    unsigned = {name.lower() for name, _ in origin.last.headers} - signed - {"authorization"}
    others = tuple((name, "x" if name.lower() in unsigned else text) for name, text in origin.last.headers)
    _verify(Seen("POST", origin.last.target, others, body), way)


def test_what_is_not_signed_is_said(gateway: Gateway, origin: RecordingOrigin) -> None:
    gateway.get("/unsigned/x", method="POST", body=b"body")
    assert origin.last.one("x-amz-content-sha256") == "UNSIGNED-PAYLOAD"


def test_a_websocket_is_signed_without_what_its_hops_write(gateway: Gateway, origin: RecordingOrigin) -> None:
    upgrade = ("connection: upgrade", "upgrade: websocket", "sec-websocket-key: AAAA", "sec-websocket-version: 13")
    request = "\r\n".join(["GET /unsigned/x HTTP/1.1", "host: g", *upgrade, "", ""])
    origin.reply = lambda seen: b"HTTP/1.1 400 No\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
    gateway.raw(request.encode())
    assert not any(name.startswith("sec-websocket-") for name in signed_headers(origin.last))
    _verify(origin.last, "unsigned")
