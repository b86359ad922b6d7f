"""Signatures as botocore makes them, and every way of changing what they cover."""

from __future__ import annotations

import asyncio
import hashlib
import subprocess
import sys
import threading
from datetime import datetime, timezone
from io import BytesIO
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from wicketgate_guard import (
    GuardConfigurationError,
    MemoryReplayStore,
    SignatureGuard,
    SignatureGuardASGI,
    SignatureGuardWSGI,
    Verdict,
)
from wicketgate_guard._canonical import SignedRequest
from wicketgate_guard.sigv4a_public_key import public_key

KEY_ID, SECRET = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=timezone.utc).timestamp()


def _signed(
    method: str = "GET",
    target: str = "/orders?a=1",
    *,
    body: bytes = b"",
    at: float = NOW,
    secret: str = SECRET,
    service: str = "wicketgate",
    region: str = "origin",
    payload: str = "",
    **headers: str,
) -> SignedRequest:
    """Return a request that botocore has signed."""
    date = datetime.fromtimestamp(at, timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    fields = {
        "host": "orders.internal",
        "x-amz-date": date,
        "x-amz-content-sha256": payload or hashlib.sha256(body).hexdigest(),
        "x-request-id": "1",
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    request = AWSRequest(method, f"http://orders.internal{target}", headers=fields, data=body)
    request.context["timestamp"] = date
    signer = SigV4Auth(Credentials(KEY_ID, secret), service, region)
    text = signer.string_to_sign(request, signer.canonical_request(request))
    scope = f"{KEY_ID}/{date[:8]}/{region}/{service}/aws4_request"
    names = ";".join(sorted(fields))
    fields["authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders={names}, Signature={signer.signature(text, request)}"
    )
    return SignedRequest(method, target.encode(), [(n.encode(), v.encode()) for n, v in fields.items()], body)


def _guard(**options: Any) -> SignatureGuard:
    return SignatureGuard(**{"secrets": {KEY_ID: SECRET}, "clock": lambda: NOW, **options})


@pytest.mark.parametrize(
    "request_",
    [
        _signed(),
        _signed(target="/"),
        _signed(target="/a%20b/%C3%A4?x=%26&y="),
        _signed("POST", body=b'{"amount": 1}', content_type="application/json"),
        _signed(x_spaced="a   b  c"),
    ],
)
def test_what_botocore_signs_is_let_in(request_: SignedRequest) -> None:
    assert _guard().check(request_) is Verdict.ACCEPTED


def _without(request: SignedRequest, *names: bytes) -> list[tuple[bytes, bytes]]:
    return [field for field in request.headers if field[0] not in names]


def _with(request: SignedRequest, name: bytes, value: bytes) -> SignedRequest:
    return SignedRequest(request.method, request.target, [*_without(request, name), (name, value)], request.body)


POST = _signed("POST", body=b"amount=1", x_tenant="a")


@pytest.mark.parametrize(
    ("changed", "verdict"),
    [
        (SignedRequest("PUT", POST.target, POST.headers, POST.body), Verdict.MISMATCH),
        (SignedRequest("POST", b"/admin?a=1", POST.headers, POST.body), Verdict.MISMATCH),
        (SignedRequest("POST", b"/orders?a=2", POST.headers, POST.body), Verdict.MISMATCH),
        (SignedRequest("POST", b"/orders", POST.headers, POST.body), Verdict.MISMATCH),
        (SignedRequest("POST", POST.target, POST.headers, b"amount=9"), Verdict.MISMATCH),
        (_with(POST, b"x-tenant", b"b"), Verdict.MISMATCH),
        (_with(POST, b"host", b"billing.internal"), Verdict.MISMATCH),
        (_with(POST, b"x-request-id", b"2"), Verdict.MISMATCH),
        (_with(POST, b"x-amz-content-sha256", b"UNSIGNED-PAYLOAD"), Verdict.MISMATCH),
        (_with(POST, b"x-user", b"admin"), Verdict.UNSIGNED_HEADER),
        (SignedRequest("POST", POST.target, [*POST.headers, (b"host", b"x")], POST.body), Verdict.DUPLICATE),
        (SignedRequest("POST", POST.target, [*POST.headers, POST.headers[-1]], POST.body), Verdict.DUPLICATE),
        (SignedRequest("POST", POST.target, _without(POST, b"authorization"), POST.body), Verdict.MISSING),
        (_with(POST, b"authorization", b"Bearer a.b.c"), Verdict.MISSING),
        (_signed(secret="another-secret-of-somebody"), Verdict.MISMATCH),
        (_signed(service="s3"), Verdict.MISMATCH),
        (_signed(region="elsewhere"), Verdict.MISMATCH),
        (_signed(at=NOW - 301), Verdict.EXPIRED),
        (_signed(at=NOW + 61), Verdict.TOO_EARLY),
        (_signed(payload="UNSIGNED-PAYLOAD", body=b"x"), Verdict.MISMATCH),
    ],
)
def test_whatever_is_changed_is_refused(changed: SignedRequest, verdict: Verdict) -> None:
    assert _guard().check(changed) is verdict


@pytest.mark.parametrize("missing", ["host", "x-amz-date", "x-amz-content-sha256", "x-request-id"])
def test_what_must_be_signed_must_be_named(missing: str) -> None:
    request = _signed()
    named = dict(request.headers)[b"authorization"].decode()
    fewer = _with(request, b"authorization", named.replace(f"{missing};", "").replace(f";{missing},", ",").encode())
    assert _guard().check(fewer) is Verdict.MISMATCH


def test_a_signature_counts_once() -> None:
    guard = _guard()
    assert [guard.check(_signed()), guard.check(_signed()), guard.check(_signed(x_request_id="2"))] == [
        Verdict.ACCEPTED,
        Verdict.REPLAYED,
        Verdict.ACCEPTED,
    ]


def test_processes_share_a_store() -> None:
    store = MemoryReplayStore(clock=lambda: NOW)
    first, second = _guard(replay=store), _guard(replay=store)
    assert [first.check(_signed()), second.check(_signed())] == [Verdict.ACCEPTED, Verdict.REPLAYED]


def test_the_next_secret_is_accepted_beside_the_current() -> None:
    guard = _guard(secrets={KEY_ID: [SECRET, "the-next-secret-of-this-key"]})
    assert guard.check(_signed()) is Verdict.ACCEPTED
    assert guard.check(_signed(secret="the-next-secret-of-this-key", x_request_id="2")) is Verdict.ACCEPTED


def test_a_host_that_is_not_ours_is_refused_where_that_is_asked() -> None:
    assert _guard(hosts=["Orders.internal"]).check(_signed()) is Verdict.ACCEPTED
    assert _guard(hosts=["billing.internal"]).check(_signed()) is Verdict.WRONG_HOST


def test_what_a_proxy_adds_is_let_in_where_that_is_asked() -> None:
    added = _with(_signed(), b"x-forwarded-port", b"443")
    assert _guard().check(added) is Verdict.UNSIGNED_HEADER
    assert _guard(unsigned_headers=["X-Forwarded-Port"]).check(added) is Verdict.ACCEPTED


def test_an_unknown_key_is_refused() -> None:
    assert _guard(secrets={"other": SECRET}).check(_signed()) is Verdict.UNKNOWN_SIGNER


def test_unsigned_bodies_are_let_in_where_that_is_asked() -> None:
    request = _signed("POST", body=b"x", payload="UNSIGNED-PAYLOAD")
    assert _guard(unsigned_payload=True).check(request) is Verdict.ACCEPTED


@pytest.mark.parametrize(
    "options",
    [
        {"secrets": None},
        {"secrets": {}},
        {"secrets": {KEY_ID: ""}},
        {"secrets": {KEY_ID: "short"}},
        {"secrets": {KEY_ID: [SECRET, SECRET, SECRET]}},
        {"public_keys": {KEY_ID: "no key"}},
        {"mode": "off"},
    ],
)
def test_what_would_let_anybody_in_is_no_guard(options: dict[str, Any]) -> None:
    with pytest.raises(GuardConfigurationError) as refused:
        _guard(**options)
    assert SECRET not in str(refused.value)


def test_the_public_key_is_made_without_an_argument_that_is_secret() -> None:
    command = [sys.executable, "-m", "wicketgate_guard.sigv4a_public_key", KEY_ID]
    printed = subprocess.run(command, input=f"{SECRET}\n", capture_output=True, text=True, check=True).stdout
    assert printed == public_key(KEY_ID, SECRET)
    assert "PUBLIC KEY" in printed


async def _app(_: Any, receive: Any, send: Any) -> None:
    body = (await receive())["body"]
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": body})


@pytest.mark.parametrize(
    ("request_", "status", "answer"),
    [(POST, 200, b"amount=1"), (SignedRequest("POST", POST.target, POST.headers, b"amount=9"), 401, None)],
)
def test_asgi_applications_get_the_body_that_was_checked(
    request_: SignedRequest, status: int, answer: bytes | None
) -> None:
    sent = asyncio.run(_asked(SignatureGuardASGI(_app, _guard()), request_, [request_.body]))
    assert sent[0]["status"] == status
    assert answer is None or sent[1]["body"] == answer


def test_a_body_that_is_too_large_is_refused() -> None:
    guard = _guard(body_limit=4)
    sent = asyncio.run(_asked(SignatureGuardASGI(_app, guard), POST, [b"amoun", b"t=1"]))
    assert sent[0]["status"] == 401


@pytest.mark.parametrize("at", [NOW - 301, NOW + 61])
def test_a_body_is_not_read_for_a_signature_of_another_time(at: float, caplog: pytest.LogCaptureFixture) -> None:
    request = _signed("POST", body=b"amount=1", at=at)
    sent = asyncio.run(_asked(SignatureGuardASGI(_app, _guard()), request, []))
    assert sent[0]["status"] == 401
    assert ("301 s old" if at < NOW else "61 s ahead") in caplog.text
    unsigned = SignedRequest("POST", b"/orders", [(b"host", b"orders.internal")], b"")
    assert asyncio.run(_asked(SignatureGuardASGI(_app, _guard()), unsigned, []))[0]["status"] == 401


def test_a_store_that_is_shared_does_not_hold_up_the_loop() -> None:
    threads: list[str] = []

    class Shared:
        def first(self, *_: object) -> bool:
            threads.append(threading.current_thread().name)
            return True

    sent = asyncio.run(_asked(SignatureGuardASGI(_app, _guard(replay=Shared())), POST, [POST.body]))
    assert sent[0]["status"] == 200
    assert threads != [threading.main_thread().name]


async def _asked(app: Any, request: SignedRequest, chunks: list[bytes]) -> list[dict[str, Any]]:
    sent: list[dict[str, Any]] = []
    pending = [
        {"type": "http.request", "body": chunk, "more_body": at + 1 < len(chunks)} for at, chunk in enumerate(chunks)
    ]

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return pending.pop(0)

    path, _, query = request.target.partition(b"?")
    scope = {"type": "http", "method": request.method, "path": path.decode(), "raw_path": path, "query_string": query}
    await app({**scope, "headers": list(request.headers)}, receive, send)
    return sent


def test_websockets_are_refused() -> None:
    sent: list[dict[str, Any]] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "websocket.connect"}

    scope = {"type": "websocket", "path": "/", "headers": [], "query_string": b""}
    asyncio.run(SignatureGuardASGI(_app, _guard())(scope, receive, send))
    assert sent[0]["type"] == "websocket.close"


@pytest.mark.parametrize(("body", "status"), [(b"amount=1", "200 OK"), (b"amount=9", "401 Unauthorized")])
def test_wsgi_applications_get_the_body_that_was_checked(body: bytes, status: str) -> None:
    def app(environ: Any, start: Any) -> list[bytes]:
        start("200 OK", [])
        return [environ["wsgi.input"].read()]

    path, _, query = POST.target.decode().partition("?")
    environ = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": BytesIO(body),
        **{f"HTTP_{name.decode().upper().replace('-', '_')}": value.decode() for name, value in POST.headers},
    }
    statuses: list[str] = []
    answer = SignatureGuardWSGI(app, _guard())(environ, lambda line, _: statuses.append(line))
    assert statuses == [status]
    assert status.startswith("401") or list(answer) == [body]
