"""Tokens right and wrong in every way, and the middleware."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import time
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from guards.python.tests.issuer import Issuer, encoded, guarding, judged

from wicketgate_guard import GuardConfigurationError, MemoryReplayStore, TokenGuardASGI, TokenGuardWSGI, Verdict


def test_the_right_token_passes(issuer: Issuer) -> None:
    assert judged(guarding(issuer, claims={"installation": "berlin"}), issuer.token()) is Verdict.ACCEPTED


NOW = int(time.time())


@pytest.mark.parametrize(
    ("claims", "verdict"),
    [
        ({"aud": "billing"}, Verdict.WRONG_AUDIENCE),
        ({"aud": ["orders", "billing"]}, Verdict.WRONG_AUDIENCE),
        ({"aud": None}, Verdict.MISMATCH),
        ({"iss": "https://evil.example.com"}, Verdict.WRONG_ISSUER),
        ({"iss": None}, Verdict.MISMATCH),
        ({"exp": NOW - 90}, Verdict.EXPIRED),
        ({"exp": None}, Verdict.MISMATCH),
        ({"exp": float("nan")}, Verdict.MISMATCH),
        ({"exp": float("inf")}, Verdict.MISMATCH),
        ({"exp": 10**400}, Verdict.MISMATCH),
        ({"exp": str(NOW + 60)}, Verdict.MISMATCH),
        ({"exp": True}, Verdict.MISMATCH),
        ({"iat": float("nan"), "exp": NOW + 60}, Verdict.MISMATCH),
        ({"nbf": float("nan")}, Verdict.MISMATCH),
        ({"exp": NOW + 86_400}, Verdict.MISMATCH),
        ({"iat": NOW + 600, "exp": NOW + 900}, Verdict.TOO_EARLY),
        ({"nbf": NOW + 600, "exp": NOW + 900}, Verdict.TOO_EARLY),
        ({"installation": "paris"}, Verdict.WRONG_CLAIM),
        ({"installation": None}, Verdict.WRONG_CLAIM),
    ],
)
def test_a_wrong_claim_is_refused(issuer: Issuer, claims: dict[str, Any], verdict: Verdict) -> None:
    assert judged(guarding(issuer, claims={"installation": "berlin"}), issuer.token(**claims)) is verdict


def test_clocks_may_differ_by_a_minute(issuer: Issuer) -> None:
    guard = guarding(issuer)
    assert judged(guard, issuer.token(exp=int(time.time()) - 50)) is Verdict.ACCEPTED
    assert judged(guard, issuer.token(iat=int(time.time()) + 50)) is Verdict.ACCEPTED


def test_the_algorithm_is_the_guards_choice(issuer: Issuer) -> None:
    guard = guarding(issuer)
    unsigned = _forged({"alg": "none", "kid": "k1"}, issuer.token(), b"")
    assert judged(guard, unsigned) is Verdict.MISMATCH
    public = (
        issuer.keys["k1"]
        .public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    # The public key taken for a shared secret.
    assert judged(guard, _forged({"alg": "HS256", "kid": "k1"}, issuer.token(), public)) is Verdict.MISMATCH
    stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    assert judged(guard, issuer.token(key=stranger, algorithm="RS256")) is Verdict.MISMATCH
    assert judged(guarding(issuer, algorithms=["RS256"]), issuer.token()) is Verdict.MISMATCH


def _forged(header: dict[str, str], token: str, key: bytes) -> str:
    payload = token.split(".")[1]
    signing = f"{encoded(json.dumps(header).encode())}.{payload}"
    signature = encoded(hmac.new(key, signing.encode(), hashlib.sha256).digest()) if key else ""
    return f"{signing}.{signature}"


def test_a_strangers_key_is_refused(issuer: Issuer) -> None:
    stranger = ec.generate_private_key(ec.SECP256R1())
    assert judged(guarding(issuer), issuer.token(key=stranger)) is Verdict.MISMATCH


@pytest.mark.parametrize(
    "value", [b"", b"Bearer", b"Bearer ", b"Bearer a.b.c", b"Basic dXM6aXQ=", b"\xff\xfe", b"Bearer " + b"x" * 9000]
)
def test_what_is_no_token_is_refused(issuer: Issuer, value: bytes) -> None:
    assert guarding(issuer).check([value]) in (Verdict.MISSING, Verdict.UNKNOWN_KEY)


@pytest.mark.parametrize("opening", [b"[", b'{"a":'])
def test_a_header_without_a_bottom_is_refused(issuer: Issuer, opening: bytes) -> None:
    for depth in (900, 3_000, 20_000):
        token = f"{encoded(opening * depth)}.e30.AA"
        assert judged(guarding(issuer), token) is Verdict.UNKNOWN_KEY
    assert issuer.fetched == 0


def test_a_library_that_is_less_careful_is_no_harm(issuer: Issuer, monkeypatch: pytest.MonkeyPatch) -> None:
    """PyJWT up to 2.13 gives up at a header without a bottom, and up to 2.10 looks at nothing that is critical."""

    def reads(_: str) -> dict[str, Any]:
        return {"alg": "ES256", "kid": "k1", "crit": ["x"], "x": 1}

    def gives_up(_: str) -> dict[str, Any]:
        raise RecursionError

    guard, token = guarding(issuer), issuer.token()
    assert judged(guard, token) is Verdict.ACCEPTED
    for header in (reads, gives_up):
        monkeypatch.setattr(jwt, "get_unverified_header", header)
        assert judged(guard, token) is Verdict.UNKNOWN_KEY


def test_what_is_critical_and_not_understood_is_refused(issuer: Issuer) -> None:
    """RFC 7515 section 4.1.11."""
    token = issuer.token(header={"crit": ["x"], "x": 1})
    assert judged(guarding(issuer), token) is Verdict.UNKNOWN_KEY
    assert judged(guarding(issuer), issuer.token(header={"x": 1})) is Verdict.ACCEPTED


@pytest.mark.parametrize("named", [True, False])
@pytest.mark.parametrize("algorithm", ["RS256", "EdDSA"])
def test_other_algorithms_are_accepted_where_they_are_named(tmp_path: Any, algorithm: str, *, named: bool) -> None:
    rsa_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    key: Any = rsa_key if algorithm == "RS256" else ed25519.Ed25519PrivateKey.generate()
    kind: Any = jwt.algorithms.RSAAlgorithm if algorithm == "RS256" else jwt.algorithms.OKPAlgorithm
    public = {**json.loads(kind.to_jwk(key.public_key())), "kid": "k1", **({"alg": algorithm} if named else {})}
    file = tmp_path / "jwks.json"
    file.write_text(json.dumps({"keys": [public]}))
    issuer = Issuer()
    issuer.url = str(file)
    token = issuer.token(key=key, algorithm=algorithm)
    assert judged(guarding(issuer, algorithms=[algorithm]), token) is Verdict.ACCEPTED
    assert judged(guarding(issuer), token) is Verdict.MISMATCH


def test_two_headers_are_refused(issuer: Issuer) -> None:
    right = f"Bearer {issuer.token()}".encode()
    assert guarding(issuer).check([right, right]) is Verdict.DUPLICATE
    assert guarding(issuer).check([right], aliased=True) is Verdict.ALIASED


def test_a_token_counts_once_where_that_is_asked(issuer: Issuer) -> None:
    guard, token = guarding(issuer, once=True), issuer.token()
    assert [judged(guard, token), judged(guard, token)] == [Verdict.ACCEPTED, Verdict.REPLAYED]
    assert judged(guard, issuer.token(jti=None)) is Verdict.MISMATCH


@pytest.mark.parametrize(
    "options",
    [
        {"issuer": ""},
        {"audience": ""},
        {"issuer": "http://gateway.example.com"},
        {"jwks": "http://gateway.example.com/jwks.json"},
        {"algorithms": []},
        {"algorithms": ["none"]},
        {"algorithms": ["HS256"]},
        {"mode": "off"},
        {"header": "x_token"},
        {"replay": MemoryReplayStore()},
    ],
)
def test_what_would_let_anybody_in_is_noguarding(issuer: Issuer, options: dict[str, Any]) -> None:
    with pytest.raises(GuardConfigurationError):
        guarding(issuer, **options)


def test_the_middleware_refuses_and_lets_in(issuer: Issuer) -> None:
    seen: list[dict[str, Any]] = []

    async def app(scope: Any, _: Any, send: Any) -> None:
        seen.append(scope)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"in"})

    guarded = TokenGuardASGI(app, guarding(issuer))
    assert asyncio.run(_asked(guarded, f"Bearer {issuer.token()}")) == 200
    assert (b"authorization", b"") not in seen[0]["headers"]
    assert [name for name, _ in seen[0]["headers"]] == [b"x-other"]
    assert asyncio.run(_asked(guarded, f"Bearer {issuer.token(aud='x')}")) == 401
    assert len(seen) == 1


async def _asked(app: Any, authorization: str) -> int:
    sent: list[dict[str, Any]] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "http.request", "body": b""}

    headers = [(b"authorization", authorization.encode()), (b"x-other", b"1")]
    await app({"type": "http", "path": "/", "headers": headers}, receive, send)
    return int(sent[0]["status"])


def test_a_wsgi_application_is_guarded_too(issuer: Issuer) -> None:
    def app(environ: Any, start: Any) -> list[bytes]:
        start("200 OK", [])
        assert "HTTP_AUTHORIZATION" not in environ
        return [b"in"]

    guarded, statuses = TokenGuardWSGI(app, guarding(issuer)), []
    for token in (issuer.token(), issuer.token(iss="https://evil.example.com")):
        environ = {"HTTP_AUTHORIZATION": f"Bearer {token}", "PATH_INFO": "/", "REQUEST_METHOD": "GET"}
        guarded(environ, lambda status, _: statuses.append(status))
    assert statuses == ["200 OK", "401 Unauthorized"]


def test_a_refusal_never_logs_the_token(issuer: Issuer, caplog: pytest.LogCaptureFixture) -> None:
    guard, token = guarding(issuer), issuer.token(aud="x")
    assert not guard.admits(judged(guard, token), path="/orders")
    assert "another audience" in caplog.text
    assert token not in caplog.text


def test_watching_lets_through_and_says_so(issuer: Issuer, caplog: pytest.LogCaptureFixture) -> None:
    guard = guarding(issuer, mode="observe")
    assert guard.admits(judged(guard, issuer.token(aud="x")), path="/")
    assert "observe mode" in caplog.text
