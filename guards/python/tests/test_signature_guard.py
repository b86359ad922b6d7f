"""Signatures as botocore makes them, and every way of changing what they cover."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from guards.python.tests.signer import KEY_ID, NOW, POST, SECRET, guarding, signed

from wicketgate_guard import GuardConfigurationError, MemoryReplayStore, Verdict
from wicketgate_guard._canonical import SignedRequest
from wicketgate_guard.sigv4a_public_key import public_key


@pytest.mark.parametrize(
    "request_",
    [
        signed(),
        signed(target="/"),
        signed(target="/a%20b/%C3%A4?x=%26&y="),
        signed("POST", body=b'{"amount": 1}', content_type="application/json"),
        signed(x_spaced="a   b  c"),
    ],
)
def test_what_botocore_signs_is_let_in(request_: SignedRequest) -> None:
    assert guarding().check(request_) is Verdict.ACCEPTED


def test_a_field_without_a_value_is_no_part_of_it() -> None:
    """As Envoy signs: of two fields of a name, the one that is empty is left out."""
    request = signed(x_two="2")
    for more in ([(b"x-two", b""), *request.headers], [*request.headers, (b"x-two", b" ")]):
        assert guarding().check(SignedRequest(request.method, request.target, more)) is Verdict.ACCEPTED
    other = [*request.headers, (b"x-two", b"3")]
    assert guarding().check(SignedRequest(request.method, request.target, other)) is Verdict.MISMATCH


def test_another_body_does_not_use_up_a_signature() -> None:
    guard = guarding()
    assert guard.check(SignedRequest("POST", POST.target, POST.headers, b"amount=9")) is Verdict.MISMATCH
    assert guard.check(POST) is Verdict.ACCEPTED


def _without(request: SignedRequest, *names: bytes) -> list[tuple[bytes, bytes]]:
    return [field for field in request.headers if field[0] not in names]


def _with(request: SignedRequest, name: bytes, value: bytes) -> SignedRequest:
    return SignedRequest(request.method, request.target, [*_without(request, name), (name, value)], request.body)


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
        (signed(secret="another-secret-of-somebody"), Verdict.MISMATCH),
        (signed(service="s3"), Verdict.MISMATCH),
        (signed(region="elsewhere"), Verdict.MISMATCH),
        (signed(at=NOW - 301), Verdict.EXPIRED),
        (signed(at=NOW + 61), Verdict.TOO_EARLY),
        (signed(payload="UNSIGNED-PAYLOAD", body=b"x"), Verdict.MISMATCH),
    ],
)
def test_whatever_is_changed_is_refused(changed: SignedRequest, verdict: Verdict) -> None:
    assert guarding().check(changed) is verdict


@pytest.mark.parametrize("missing", ["host", "x-amz-date", "x-amz-content-sha256", "x-request-id"])
def test_what_must_be_signed_must_be_named(missing: str) -> None:
    request = signed()
    named = dict(request.headers)[b"authorization"].decode()
    fewer = _with(request, b"authorization", named.replace(f"{missing};", "").replace(f";{missing},", ",").encode())
    assert guarding().check(fewer) is Verdict.MISMATCH


def test_a_signature_counts_once() -> None:
    guard = guarding()
    assert [guard.check(signed()), guard.check(signed()), guard.check(signed(x_request_id="2"))] == [
        Verdict.ACCEPTED,
        Verdict.REPLAYED,
        Verdict.ACCEPTED,
    ]


def test_processes_share_a_store() -> None:
    store = MemoryReplayStore(clock=lambda: NOW)
    first, second = guarding(replay=store), guarding(replay=store)
    assert [first.check(signed()), second.check(signed())] == [Verdict.ACCEPTED, Verdict.REPLAYED]


def test_the_next_secret_is_accepted_beside_the_current() -> None:
    guard = guarding(secrets={KEY_ID: [SECRET, "the-next-secret-of-this-key"]})
    assert guard.check(signed()) is Verdict.ACCEPTED
    assert guard.check(signed(secret="the-next-secret-of-this-key", x_request_id="2")) is Verdict.ACCEPTED


def test_a_host_that_is_not_ours_is_refused_where_that_is_asked() -> None:
    assert guarding(hosts=["Orders.internal"]).check(signed()) is Verdict.ACCEPTED
    assert guarding(hosts="orders.internal").check(signed()) is Verdict.ACCEPTED
    assert guarding(hosts=["billing.internal"]).check(signed()) is Verdict.WRONG_HOST


def test_what_a_proxy_adds_is_let_in_where_that_is_asked() -> None:
    added = _with(signed(), b"x-forwarded-port", b"443")
    assert guarding().check(added) is Verdict.UNSIGNED_HEADER
    for names in (["X-Forwarded-Port"], "x-forwarded-port"):
        assert guarding(unsigned_headers=names).check(added) is Verdict.ACCEPTED


def test_an_unknown_key_is_refused() -> None:
    assert guarding(secrets={"other": SECRET}).check(signed()) is Verdict.UNKNOWN_SIGNER


def test_unsigned_bodies_are_let_in_where_that_is_asked() -> None:
    request = signed("POST", body=b"x", payload="UNSIGNED-PAYLOAD")
    assert guarding(unsigned_payload=True).check(request) is Verdict.ACCEPTED


@pytest.mark.parametrize(
    "options",
    [
        {"secrets": None},
        {"secrets": {}},
        {"secrets": {KEY_ID: ""}},
        {"secrets": {KEY_ID: "short"}},
        {"secrets": {KEY_ID: [SECRET, SECRET, SECRET]}},
        {"public_keys": {KEY_ID: "no key"}},
        {"secrets": {"team/gateway": SECRET}},
        {"secrets": {"a,b": SECRET}},
        {"secrets": {"a b": SECRET}},
        {"secrets": {"": SECRET}},
        {"secrets": {KEY_ID: f" {SECRET}"}},
        {"secrets": {KEY_ID: f"{SECRET}\n"}},
        {"secrets": {KEY_ID: [SECRET, f"{SECRET} "]}},
        {"public_keys": {"a/b": public_key(KEY_ID, SECRET)}},
        {"public_keys": {KEY_ID: None}},
        {"window": float("inf")},
        {"ahead": float("inf")},
        {"body_limit": -1},
        {"hosts": [""]},
        {"mode": "off"},
    ],
)
def test_what_would_let_anybody_in_is_no_guard(options: dict[str, Any]) -> None:
    with pytest.raises(GuardConfigurationError) as refused:
        guarding(**options)
    assert SECRET not in str(refused.value)


def test_the_public_key_is_made_without_an_argument_that_is_secret() -> None:
    command = [sys.executable, "-m", "wicketgate_guard.sigv4a_public_key", KEY_ID]
    printed = subprocess.run(command, input=f"{SECRET}\n", capture_output=True, text=True, check=True).stdout
    assert printed == public_key(KEY_ID, SECRET)
    assert "PUBLIC KEY" in printed
