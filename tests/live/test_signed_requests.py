"""Requests that Envoy signs, computed anew by botocore; and none that leaves unsigned."""

from __future__ import annotations

import http.client
import json
import os
import signal
import stat
import time
from collections.abc import Iterable
from dataclasses import replace
from operator import attrgetter
from pathlib import Path

import pytest

from tests.guards.stands.frameworks import PLACED, SIGNED, Framework
from tests.live.conftest import Running, running, until
from tests.providers.aws.metadata_server import POD, Metadata
from tests.support.origin import RecordingOrigin, Seen
from tests.support.project import handler, operation, policy, write_project
from tests.support.sigv4 import Key, expected, signed_headers
from wicketgate_guard import SignatureGuard, Verdict
from wicketgate_guard._canonical import SignedRequest
from wicketgate_guard.sigv4a_public_key import public_key

KEY = Key()
KEY_ID, SECRET = KEY.key_id, KEY.secret


def _project(folder: Path, url: str, **options: object) -> Path:
    signed = policy(
        "signed",
        "sign-request-inbound",
        "SignRequestInboundPolicy",
        **{"keyId": KEY_ID, "secret": "$env(SIGNING_SECRET)", **options},
    )
    route = operation(handler("urlForwardHandler", baseUrl=url), inbound=["signed"])
    paths = {path: {"get": route, "post": route} for path in ("/{rest}", "/deep/{rest}")}
    write_project(folder, paths, policies=[signed])
    (folder / ".env").write_text(f"SIGNING_SECRET={SECRET}\n")
    return folder


def _send(
    gateway: Running, method: str, target: str, body: bytes = b"", headers: dict[str, str] | None = None
) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=10)
    connection.request(method, target, body or None, headers or {})
    answer = connection.getresponse()
    found = answer.status, answer.read()
    connection.close()
    return found


@pytest.mark.parametrize(
    ("method", "target", "body"),
    [
        ("GET", "/plain", b""),
        ("GET", "/query?b=2&a=1&a=0&empty=&blank&space=a%20b&plus=a+b&star=*", b""),
        ("GET", "/sp%20ace%C3%A4~._-", b""),
        ("GET", "/deep/a%2Bb:c@d!$'()*,;=", b""),
        ("POST", "/body", b'{"amount": 1}'),
        ("POST", "/body?x=%26%3D", bytes(range(256)) * 40),
    ],
)
def test_every_request_is_signed_as_aws_would(signed: Signed, method: str, target: str, body: bytes) -> None:
    kind = {"Content-Type": "application/octet-stream"} if body else {}
    assert _send(signed.gateway, method, target, body, kind)[0] == 200
    assert signed.api.last.one("authorization") == expected(signed.api.last, KEY)


class Signed:
    """A gateway that signs, and the origin behind it."""

    def __init__(self, gateway: Running, api: RecordingOrigin) -> None:
        self.gateway = gateway
        self.api = api


@pytest.fixture(scope="module")
def signed(tmp_path_factory: pytest.TempPathFactory) -> object:
    with RecordingOrigin() as api, running(_project(tmp_path_factory.mktemp("signed"), api.url)) as gateway:
        yield Signed(gateway, api)


def test_what_a_caller_signed_never_passes(signed: Signed) -> None:
    forged = {
        "Authorization": "AWS4-HMAC-SHA256 Credential=x, SignedHeaders=host, Signature=00",
        "X-Amz-Date": "20200101T000000Z",
        "X-Amz-Content-Sha256": "UNSIGNED-PAYLOAD",
        "X-Amz-Security-Token": "stolen",
    }
    assert _send(signed.gateway, "GET", "/plain", headers=forged)[0] == 200
    assert signed.api.last.one("authorization") == expected(signed.api.last, KEY)
    assert signed.api.last.all("x-amz-security-token") == []
    assert signed.api.last.one("x-amz-date") != "20200101T000000Z"


def test_what_is_signed_is_what_counts(signed: Signed) -> None:
    _send(signed.gateway, "GET", "/plain", headers={"X-Tenant": "a"})
    names = signed_headers(signed.api.last)
    assert {"host", "x-amz-date", "x-amz-content-sha256", "x-request-id", "x-tenant"} <= set(names)
    assert not {"x-forwarded-for", "x-envoy-expected-rq-timeout-ms", "connection"} & set(names)


@pytest.mark.parametrize("asymmetric", [False, True])
def test_the_guard_lets_in_what_is_signed_once_and_whole(tmp_path: Path, *, asymmetric: bool) -> None:
    """Equal requests of one second are told apart by their ids; the same one again is a replay."""
    key = {"public_keys": {KEY_ID: public_key(KEY_ID, SECRET)}} if asymmetric else {"secrets": {KEY_ID: SECRET}}
    guard = SignatureGuard(**key)  # type: ignore[arg-type]
    with RecordingOrigin() as api, running(_project(tmp_path, api.url, algorithm=_ALGORITHMS[asymmetric])) as gateway:
        for _ in range(5):
            assert _send(gateway, "GET", "/plain?a=b%20c&x=+&y=%2B")[0] == 200
        assert _send(gateway, "POST", "/body", b"amount=1", {"X-Empty": ""})[0] == 200
        arrived = [_arrived(seen) for seen in api.seen]
    assert [guard.check(request) for request in arrived] == [Verdict.ACCEPTED] * 6
    assert guard.check(arrived[0]) is Verdict.REPLAYED
    fresh = SignatureGuard(**key)  # type: ignore[arg-type]
    changed = [
        replace(arrived[5], method="PUT"),
        replace(arrived[5], target=b"/body?x"),
        replace(arrived[5], body=b"amount=9"),
        replace(arrived[5], headers=[(n, b"elsewhere" if n == b"host" else v) for n, v in arrived[5].headers]),
        replace(arrived[5], headers=[(n, b"other" if n == b"x-request-id" else v) for n, v in arrived[5].headers]),
    ]
    assert {fresh.check(request) for request in changed} == {Verdict.MISMATCH}
    added = replace(arrived[5], headers=[*arrived[5].headers, (b"x-user", b"admin")])
    assert fresh.check(added) is Verdict.UNSIGNED_HEADER
    assert fresh.check(arrived[5]) is Verdict.ACCEPTED


_ALGORITHMS = {False: "sigv4", True: "sigv4a"}


def _arrived(seen: Seen) -> SignedRequest:
    headers = [(name.lower().encode(), value.encode()) for name, value in seen.headers]
    return SignedRequest(seen.method, seen.target.encode(), headers, seen.body)


GUARDED = [each for each in (*SIGNED, *PLACED) if each.name in ("fastapi", "fastapi-hypercorn", "uvicorn-root-path")]


@pytest.mark.parametrize("framework", GUARDED, ids=attrgetter("name"))
def test_an_application_lets_in_what_envoy_signs(tmp_path: Path, framework: Framework) -> None:
    """Over HTTP, as it is deployed: fields that come twice or are empty, and all that a query may hold."""
    (tmp_path / "app").mkdir()
    with framework(tmp_path / "app", mode="enforce", secrets=[SECRET]) as port:
        origin = f"http://127.0.0.1:{port}"
        with running(_project(tmp_path / "project", origin, keyId="gateway")) as gateway:
            for fields in ((), (("x-two", "1"), ("x-two", "2")), (("x-two", ""), ("x-two", "2"), ("x-none", ""))):
                status, told = _post(gateway.port, fields)
                assert (status, told) == (200, {"path": "deep/a b~", "query": {"x": "1", "y": "&+ä"}, "body": {"n": 1}})
        assert _post(port, ())[0] == 401, "not by the gateway"


def _post(port: int, fields: Iterable[tuple[str, str]]) -> tuple[int, object]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.putrequest("POST", "/deep/a%20b~?x=1&y=%26%2B%C3%A4")
    for name, value in (("content-type", "application/json"), ("content-length", "8"), *fields):
        connection.putheader(name, value)
    connection.endheaders(b'{"n": 1}')
    answer = connection.getresponse()
    found = answer.status, json.loads(answer.read())
    connection.close()
    return found


def test_keys_stand_in_memory_and_nowhere_else(signed: Signed) -> None:
    run = signed.gateway.project / ".wicket/run"
    (file,) = (run / "keys").resolve().rglob("credentials")
    assert file.is_relative_to("/dev/shm")  # noqa: S108 - that is the point
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE((run / "keys").resolve().stat().st_mode) == 0o700
    on_disk = [path for path in run.rglob("*") if path.is_file() and not path.is_relative_to(run / "keys")]
    assert [path for path in on_disk if SECRET.encode() in path.read_bytes()] == []


def test_a_new_secret_signs_at_once_and_none_at_all_stops(tmp_path: Path) -> None:
    with RecordingOrigin() as api:
        project = _project(tmp_path, api.url)
        with running(project) as gateway:
            (project / ".env").write_text("SIGNING_SECRET=another-secret-of-ours\n")
            until(lambda: _is_signed_with(gateway, api, "another-secret-of-ours"), seconds=10)
            place = (project / ".wicket/run/keys").resolve()
            assert place.is_dir()
        assert not place.exists(), "the keys end with the gateway"


def test_every_request_is_signed_while_the_control_plane_starts_again(tmp_path: Path) -> None:
    with RecordingOrigin() as api, running(_project(tmp_path, api.url)) as gateway:
        pid = gateway.child("wicketgate.control")
        os.kill(pid, signal.SIGKILL)
        end = time.monotonic() + 4
        while time.monotonic() < end:
            assert _is_signed_with(gateway, api, SECRET)
        assert gateway.child("wicketgate.control") != pid


def _is_signed_with(gateway: Running, api: RecordingOrigin, secret: str) -> bool:
    assert _send(gateway, "GET", "/plain")[0] == 200
    return api.last.one("authorization") == expected(api.last, Key(secret=secret))


ROLE = "arn:aws:iam::123456789012:role/wicketgate"
GIVEN = (
    '<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>'
    f"<AccessKeyId>{KEY_ID}</AccessKeyId><SecretAccessKey>{SECRET}</SecretAccessKey><SessionToken>a-token</SessionToken>"
    "<Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>"
).encode()


def _sts(seen: Seen) -> bytes:
    return b"HTTP/1.1 200 OK\r\ncontent-type: text/xml\r\ncontent-length: %d\r\n\r\n%s" % (len(GIVEN), GIVEN)


def test_a_route_recovers_whose_keys_come_late(tmp_path: Path) -> None:
    busy = b"HTTP/1.1 500 Busy\r\ncontent-length: 0\r\n\r\n"
    with RecordingOrigin() as api, RecordingOrigin(reply=lambda _: busy) as sts:
        keys = {"accessKeyId": "AKIAOURS", "secretAccessKey": "$env(SIGNING_SECRET)"}
        name = "upstream-aws-service-auth-inbound", "UpstreamAwsServiceAuthInboundPolicy"
        signed = policy(
            "signed", *name, **keys, roleArn=ROLE, region="eu-west-1", service="execute-api", stsEndpoint=sts.url
        )
        route = operation(handler("urlForwardHandler", baseUrl=api.url), inbound=["signed"])
        write_project(tmp_path, {"/{rest}": {"get": route}}, policies=[signed])
        (tmp_path / ".env").write_text(f"SIGNING_SECRET={SECRET}\n")
        with running(tmp_path) as gateway:
            assert _send(gateway, "GET", "/plain")[0] == 503
            assert api.seen == []
            sts.reply = _sts
            until(lambda: _send(gateway, "GET", "/plain")[0] == 200, seconds=15)
            assert api.last.one("x-amz-security-token") == "a-token"
            assert api.last.one("authorization") == expected(api.last, Key(service="execute-api", region="eu-west-1"))


def test_keys_of_the_pod_sign(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The platform says in the environment of the gateway where its keys are; Envoy signs with them."""
    pod = Metadata(pod_token="of-the-pod")
    with RecordingOrigin() as api, RecordingOrigin(reply=pod) as platform:
        monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", f"{platform.url}{POD}")
        monkeypatch.setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN", pod.pod_token)
        name = "upstream-aws-service-auth-inbound", "UpstreamAwsServiceAuthInboundPolicy"
        where = {"region": "eu-west-1", "service": "execute-api"}
        signed = policy("signed", *name, **where, credentialsFrom="container")
        route = operation(handler("urlForwardHandler", baseUrl=api.url), inbound=["signed"])
        with running(write_project(tmp_path, {"/{rest}": {"get": route}}, policies=[signed])) as gateway:
            assert _send(gateway, "GET", "/plain")[0] == 200
        assert api.last.one("x-amz-security-token") == "for-hours"
        key = Key(key_id="ASIAMACHINE", secret="of-the-machine", service="execute-api", region="eu-west-1")
        assert api.last.one("authorization") == expected(api.last, key)
