"""Requests that botocore and awscrt sign, at a real Express application with the guard."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.guards.stands.signed_express import KEY_ID, SECRET, SYMMETRIC, ask, express, signed, signed_v4a, status
from wicketgate_guard.sigv4a_public_key import public_key

BODY = b"amount=1"


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.getbasetemp()


@pytest.fixture(scope="module")
def port(base: Path) -> Iterator[int]:
    with express(base, **SYMMETRIC) as found:
        yield found


@pytest.mark.parametrize(
    ("method", "target", "body"),
    [
        ("GET", "/orders", b""),
        ("GET", "/a%20b/%C3%A4~._-?b=2&a=1&a=0&empty=&x=%26", b""),
        ("POST", "/orders", b'{"amount": 1}'),
        ("POST", "/orders", bytes(range(256)) * 100),
    ],
)
def test_what_is_signed_is_let_in_with_its_body(port: int, method: str, target: str, body: bytes) -> None:
    headers = signed(port, method, target, body)
    answer = ask(port, method, target, body, headers)
    assert (answer.status, answer.body) == (200, body)
    assert ask(port, method, target, body, headers).status == 401, "once"


def test_parsers_of_bodies_work_behind_the_guard(port: int) -> None:
    body = b'{ "amount": 1 }'
    headers = signed(port, "POST", "/", body, also={"content-type": "application/json"})
    assert ask(port, "POST", "/", body, headers).body == b'{"amount":1}', "parsed, and written anew"


@pytest.mark.parametrize("text", ["\u00e0 la carte", "\u00c5ngstr\u00f6m", "a  b"])
def test_a_byte_of_utf8_is_not_white_space(port: int, text: str) -> None:
    raw = text.encode().decode("latin-1")
    assert status(port, {**signed(port, also={"x-tenant": text}), "x-tenant": raw}) == 200
    assert status(port, {**signed(port, also={"x-tenant": text}), "x-tenant": f"{raw} \u00a0"}) == 401


@pytest.mark.parametrize(
    ("request_line", "body", "headers", "expected"),
    [
        (("POST", "/o?a=1"), BODY, {}, 200),
        (("PUT", "/o?a=1"), BODY, {}, 401),
        (("POST", "/o?a=2"), BODY, {}, 401),
        (("POST", "/admin"), BODY, {}, 401),
        (("POST", "/o?a=1"), b"amount=9", {}, 401),
        (("POST", "/o?a=1"), BODY, {"host": "billing.internal"}, 401),
        (("POST", "/o?a=1"), BODY, {"x-request-id": "other"}, 401),
        (("POST", "/o?a=1"), BODY, {"x-user": "admin"}, 401),
        (("POST", "/o?a=1"), BODY, {"x-amz-content-sha256": "UNSIGNED-PAYLOAD"}, 401),
        (("POST", "/o?a=1"), BODY, {"x-forwarded-for": "192.0.2.1"}, 200),
        (("POST", "/o?a=1"), BODY, {"authorization": "Bearer a.b.c"}, 401),
    ],
)
def test_whatever_is_changed_is_refused(
    port: int, request_line: tuple[str, str], body: bytes, headers: dict[str, str], expected: int
) -> None:
    changed = {**signed(port, "POST", "/o?a=1", BODY), **headers}
    assert ask(port, *request_line, body, changed).status == expected


def test_who_signed_and_when_counts(port: int) -> None:
    now = datetime.now(UTC)
    assert status(port, signed(port, at=now - timedelta(seconds=200))) == 200
    assert status(port, signed(port, at=now - timedelta(seconds=400))) == 401
    assert status(port, signed(port, at=now + timedelta(seconds=120))) == 401
    assert status(port, signed(port, secret="another-secret-of-somebody")) == 401
    assert status(port, signed(port, key="somebody")) == 401
    assert status(port, signed(port, region="elsewhere")) == 401
    assert status(port, signed(port, service="s3")) == 401


def test_two_secrets_are_good_during_a_rotation(base: Path) -> None:
    now, coming = SECRET, "the-secret-that-will-sign-them"
    with express(base, secrets={KEY_ID: [now, coming]}) as port:
        assert [status(port, signed(port, secret=secret)) for secret in (now, coming)] == [200, 200]
        assert status(port, signed(port, secret="the-secret-that-used-to-sign")) == 401


def test_a_host_of_this_origin_is_asked_for(base: Path, port: int) -> None:
    with express(base, **SYMMETRIC, hosts=["Orders.internal"]) as strict:
        assert status(strict, signed(strict, also={"host": "orders.INTERNAL"})) == 200
        assert status(strict, signed(strict, also={"host": "billing.internal"})) == 401
    assert status(port, signed(port, also={"host": "billing.internal"})) == 200


def test_what_proxies_add_is_let_through_where_it_is_named(base: Path) -> None:
    with express(base, **SYMMETRIC, unsignedHeaders=["X-Forwarded-Port"]) as port:
        assert status(port, {**signed(port), "x-forwarded-port": "443"}) == 200
        assert status(port, {**signed(port), "x-forwarded-user": "admin"}) == 401


def test_an_unsigned_body_is_let_in_where_that_is_asked(base: Path) -> None:
    with express(base, **SYMMETRIC, unsignedPayload=True, bodyLimit=10) as port:
        body = b"x" * 100_000
        headers = signed(port, "POST", "/", body, payload="UNSIGNED-PAYLOAD")
        assert ask(port, "POST", "/", body, headers).body == body
        assert ask(port, "POST", "/", body, headers).status == 401, "once"
        whole = signed(port, "POST", "/", b"x")
        assert ask(port, "POST", "/", b"y", whole).status == 401, "a signed one still counts"


def test_what_is_only_watched_is_let_through_with_its_verdict(base: Path) -> None:
    with express(base, **SYMMETRIC, mode="observe") as port:
        headers = signed(port, "POST", "/", BODY)
        answers = [ask(port, "POST", "/", body, headers) for body in (b"amount=9", BODY, BODY)]
        assert [(each.status, each.body) for each in answers] == [(200, b"amount=9"), (200, BODY), (200, BODY)]
        assert [each.verdict for each in answers] == ["mismatch", "accepted", "used before"]
        assert ask(port, "GET", "/", b"", {"host": "gateway"}).verdict == "missing"


def test_processes_share_what_they_have_seen(base: Path, tmp_path: Path) -> None:
    with (
        express(base, **SYMMETRIC, replayFolder=str(tmp_path)) as one,
        express(base, **SYMMETRIC, replayFolder=str(tmp_path)) as other,
    ):
        headers = signed(one, "POST", "/", BODY)
        assert ask(one, "POST", "/", BODY, headers).body == BODY
        assert [ask(port, "POST", "/", BODY, headers).status for port in (one, other)] == [401, 401]
        assert status(other, signed(one)) == 200


def test_a_store_that_fails_lets_nobody_in(base: Path, tmp_path: Path) -> None:
    with express(base, **SYMMETRIC, replayFolder=str(tmp_path / "gone")) as port:
        assert status(port, signed(port)) == 401


def test_a_public_key_is_enough_to_verify(base: Path) -> None:
    with express(base, publicKeys={KEY_ID: public_key(KEY_ID, SECRET)}) as port:
        target = "/orders/a%20b?b=1&a=2"
        headers = signed_v4a(port, "POST", target, BODY)
        assert headers["authorization"].startswith("AWS4-ECDSA-P256-SHA256 ")
        assert ask(port, "POST", target, BODY, {**headers, "x-request-id": "other"}).status == 401
        assert ask(port, "POST", target, b"amount=9", headers).status == 401
        assert ask(port, "POST", target, BODY, headers).body == BODY
        assert ask(port, "POST", target, BODY, headers).status == 401
        stranger = signed_v4a(port, "POST", target, BODY, secret="another-secret-of-somebody")
        assert ask(port, "POST", target, BODY, stranger).status == 401


def test_the_key_that_aws_publishes_verifies(base: Path) -> None:
    """Source: the fixed key pair of aws-c-auth, tests/key_derivation_tests.c."""
    key_id, secret = "AKISORANDOMAASORANDOM", "q+jcrXGc+0zWN6uzclKVhvMmUsIfRPa4rlRandom"
    private = 0x7FD3BD010C0D9C292141C2B77BFBDE1042C92E6836FFF749D1269EC890FCA1BD
    x = 0x15D242CEEBF8D8169FD6A8B5A746C41140414C3B07579038DA06AF89190FFFCB
    y = 0x0515242CEDD82E94799482E4C0514B505AFCCF2C0C98D6A553BF539F424C5EC0
    published = ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
    pem = published.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    assert ec.derive_private_key(private, ec.SECP256R1()).public_key() == published
    assert public_key(key_id, secret) == pem
    with express(base, publicKeys={key_id: pem}) as port:
        assert status(port, signed_v4a(port, "GET", "/", key_id=key_id, secret=secret)) == 200


def test_a_body_that_is_too_large_is_refused(base: Path) -> None:
    with express(base, **SYMMETRIC, bodyLimit=10) as port:
        body = b"x" * 11
        assert ask(port, "POST", "/", body, signed(port, "POST", "/", body)).status == 401


@pytest.mark.parametrize(
    "options", [{}, {"secrets": {}}, {"secrets": {"k": []}}, {"secrets": {"k": "short"}}, {"publicKeys": {"k": "none"}}]
)
def test_what_would_let_anybody_in_does_not_start(base: Path, options: dict[str, Any]) -> None:
    with express(base, **options) as port:
        assert port == 0
