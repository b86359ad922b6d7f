"""Tokens right and wrong in every way, keys that roll, and an issuer that is gone."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from wicketgate_guard import (
    GuardConfigurationError,
    MemoryReplayStore,
    TokenGuard,
    TokenGuardASGI,
    TokenGuardWSGI,
    Verdict,
)

ISSUER = "https://gateway.example.com/__zuplo/issuer"


class Issuer:
    """Keys, tokens, and a server that publishes the keys."""

    def __init__(self) -> None:
        self.keys: dict[str, Any] = {}
        self.fetched = 0
        self.status = 200
        self.body: bytes | None = None
        self.answers = threading.Event()
        self.answers.set()
        self.new_key("k1")

    def new_key(self, kid: str) -> None:
        self.keys[kid] = ec.generate_private_key(ec.SECP256R1())

    def key_set(self) -> bytes:
        listed = []
        for kid, key in self.keys.items():
            public = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(key.public_key()))
            listed.append({**public, "kid": kid, "use": "sig", "alg": "ES256"})
        return json.dumps({"keys": listed}).encode()

    def token(self, *, kid: str = "k1", key: Any = None, algorithm: str = "ES256", **claims: Any) -> str:
        now = int(time.time())
        found = {
            "iss": ISSUER,
            "aud": "orders",
            "sub": "wicket:berlin:orders",
            "installation": "berlin",
            "iat": now,
            "nbf": now - 30,
            "exp": now + 300,
            "jti": base64.b64encode(hashlib.sha256(str(time.perf_counter()).encode()).digest()).decode(),
            **claims,
        }
        found = {name: value for name, value in found.items() if value is not None}
        return jwt.encode(found, self.keys[kid] if key is None else key, algorithm=algorithm, headers={"kid": kid})


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    found = Issuer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found.fetched += 1
            found.answers.wait(10)
            body = found.key_set() if found.body is None else found.body
            self.send_response(found.status)
            self.send_header("content-length", str(len(body)))
            self.send_header("location", "/elsewhere")
            self.send_header("cache-control", "public, max-age=300")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Tests are quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    found.url = f"http://127.0.0.1:{server.server_port}/jwks.json"  # type: ignore[attr-defined]
    yield found
    server.shutdown()
    thread.join()
    server.server_close()


def _guard(at: Issuer, **options: Any) -> TokenGuard:
    return TokenGuard(**{"issuer": ISSUER, "audience": "orders", "jwks": at.url, **options})  # type: ignore[attr-defined]


def _judged(guard: TokenGuard, token: str) -> Verdict:
    return guard.check([f"Bearer {token}".encode()])


def test_the_right_token_passes(issuer: Issuer) -> None:
    assert _judged(_guard(issuer, claims={"installation": "berlin"}), issuer.token()) is Verdict.ACCEPTED


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
        ({"exp": NOW + 86_400}, Verdict.MISMATCH),
        ({"iat": NOW + 600, "exp": NOW + 900}, Verdict.TOO_EARLY),
        ({"nbf": NOW + 600, "exp": NOW + 900}, Verdict.TOO_EARLY),
        ({"installation": "paris"}, Verdict.WRONG_CLAIM),
        ({"installation": None}, Verdict.WRONG_CLAIM),
    ],
)
def test_a_wrong_claim_is_refused(issuer: Issuer, claims: dict[str, Any], verdict: Verdict) -> None:
    assert _judged(_guard(issuer, claims={"installation": "berlin"}), issuer.token(**claims)) is verdict


def test_clocks_may_differ_by_a_minute(issuer: Issuer) -> None:
    guard = _guard(issuer)
    assert _judged(guard, issuer.token(exp=int(time.time()) - 50)) is Verdict.ACCEPTED
    assert _judged(guard, issuer.token(iat=int(time.time()) + 50)) is Verdict.ACCEPTED


def test_the_algorithm_is_the_guards_choice(issuer: Issuer) -> None:
    guard = _guard(issuer)
    unsigned = _forged({"alg": "none", "kid": "k1"}, issuer.token(), b"")
    assert _judged(guard, unsigned) is Verdict.MISMATCH
    public = (
        issuer.keys["k1"]
        .public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    # The public key taken for a shared secret.
    assert _judged(guard, _forged({"alg": "HS256", "kid": "k1"}, issuer.token(), public)) is Verdict.MISMATCH
    stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    assert _judged(guard, issuer.token(key=stranger, algorithm="RS256")) is Verdict.MISMATCH
    assert _judged(_guard(issuer, algorithms=["RS256"]), issuer.token()) is Verdict.MISMATCH


def _forged(header: dict[str, str], token: str, key: bytes) -> str:
    payload = token.split(".")[1]
    signing = f"{_encoded(json.dumps(header).encode())}.{payload}"
    signature = _encoded(hmac.new(key, signing.encode(), hashlib.sha256).digest()) if key else ""
    return f"{signing}.{signature}"


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def test_a_strangers_key_is_refused(issuer: Issuer) -> None:
    stranger = ec.generate_private_key(ec.SECP256R1())
    assert _judged(_guard(issuer), issuer.token(key=stranger)) is Verdict.MISMATCH


@pytest.mark.parametrize(
    "value", [b"", b"Bearer", b"Bearer ", b"Bearer a.b.c", b"Basic dXM6aXQ=", b"\xff\xfe", b"Bearer " + b"x" * 9000]
)
def test_what_is_no_token_is_refused(issuer: Issuer, value: bytes) -> None:
    assert _guard(issuer).check([value]) in (Verdict.MISSING, Verdict.UNKNOWN_KEY)


def test_two_headers_are_refused(issuer: Issuer) -> None:
    right = f"Bearer {issuer.token()}".encode()
    assert _guard(issuer).check([right, right]) is Verdict.DUPLICATE
    assert _guard(issuer).check([right], aliased=True) is Verdict.ALIASED


def test_a_token_counts_once_where_that_is_asked(issuer: Issuer) -> None:
    guard, token = _guard(issuer, once=True), issuer.token()
    assert [_judged(guard, token), _judged(guard, token)] == [Verdict.ACCEPTED, Verdict.REPLAYED]
    assert _judged(guard, issuer.token(jti=None)) is Verdict.MISMATCH


def test_a_full_replay_store_refuses_and_forgets_what_has_ended() -> None:
    now = [0.0]
    store = MemoryReplayStore(most=2, clock=lambda: now[0])
    assert [store.first(key, 10.0) for key in ("a", "b", "c", "a")] == [True, True, False, False]
    now[0] = 11.0
    assert store.first("a", 20.0)


def test_a_new_key_is_fetched_and_invented_ones_make_no_flood(issuer: Issuer) -> None:
    clock = [0.0]
    guard = _guard(issuer)
    guard._keys._clock = lambda: clock[0]
    assert _judged(guard, issuer.token()) is Verdict.ACCEPTED
    for number in range(50):
        forged = issuer.token(key=ec.generate_private_key(ec.SECP256R1())) if number else issuer.token()
        header = _encoded(json.dumps({"alg": "ES256", "kid": f"invented-{number}"}).encode())
        assert _judged(guard, ".".join([header, *forged.split(".")[1:]])) is Verdict.UNKNOWN_KEY
    assert issuer.fetched == 1
    issuer.new_key("k2")
    clock[0] = 31.0
    assert _judged(guard, issuer.token(kid="k2")) is Verdict.ACCEPTED
    assert issuer.fetched == 2


def _at_once(guard: TokenGuard, issuer: Issuer, *tokens: str) -> list[Verdict]:
    """Judge them all while the issuer takes its time."""
    verdicts: list[Verdict] = []
    threads = [threading.Thread(target=lambda t=token: verdicts.append(_judged(guard, t))) for token in tokens]
    issuer.answers.clear()
    for thread in threads:
        thread.start()
    time.sleep(0.2)
    issuer.answers.set()
    for thread in threads:
        thread.join(10)
    return verdicts


def test_nobody_is_refused_while_the_keys_are_fetched(issuer: Issuer) -> None:
    guard = _guard(issuer)
    assert _at_once(guard, issuer, *(issuer.token() for _ in range(8))) == [Verdict.ACCEPTED] * 8
    assert issuer.fetched == 1


def test_a_new_key_is_waited_for_and_a_known_one_is_not(issuer: Issuer) -> None:
    now = 0.0
    guard = _guard(issuer)
    guard._keys._clock = lambda: now
    assert _judged(guard, issuer.token()) is Verdict.ACCEPTED
    issuer.new_key("k2")
    now = 31.0
    waiting = threading.Thread(target=lambda: _judged(guard, issuer.token(kid="k2")))
    issuer.answers.clear()
    waiting.start()
    while issuer.fetched < 2:
        time.sleep(0.01)
    assert _judged(guard, issuer.token()) is Verdict.ACCEPTED
    assert _at_once(guard, issuer, *(issuer.token(kid="k2") for _ in range(8))) == [Verdict.ACCEPTED] * 8
    waiting.join(10)
    assert issuer.fetched == 2


def test_without_any_keys_the_issuer_is_asked_again_soon(issuer: Issuer) -> None:
    now = 0.0
    guard = _guard(issuer)
    guard._keys._clock = lambda: now
    issuer.status = 503
    assert _judged(guard, issuer.token()) is Verdict.UNKNOWN_KEY
    issuer.status = 200
    assert _judged(guard, issuer.token()) is Verdict.UNKNOWN_KEY
    now = 1.0
    assert _judged(guard, issuer.token()) is Verdict.ACCEPTED


def test_a_store_that_is_shared_is_asked_in_a_thread(issuer: Issuer) -> None:
    class Shared:
        def first(self, *_: object) -> bool:
            return True

    for store, waits in ((Shared(), True), (MemoryReplayStore(), False)):
        guard = _guard(issuer, once=True, replay=store)
        value = f"Bearer {issuer.token()}".encode()
        assert guard.check([value]) is Verdict.ACCEPTED
        assert guard.waits([value]) is waits


def test_a_revoked_key_is_gone_when_the_set_is_old(issuer: Issuer) -> None:
    clock = [0.0]
    guard = _guard(issuer)
    guard._keys._clock = lambda: clock[0]
    token = issuer.token()
    assert _judged(guard, token) is Verdict.ACCEPTED
    issuer.new_key("k2")
    del issuer.keys["k1"]
    clock[0] = 301.0
    assert _judged(guard, token) is Verdict.UNKNOWN_KEY


@pytest.mark.parametrize(
    "change", [{"status": 500}, {"status": 302}, {"body": b"{"}, {"body": b"{}"}, {"body": b"x" * 300_000}]
)
def test_the_last_good_keys_serve_while_the_issuer_is_down(issuer: Issuer, change: dict[str, Any]) -> None:
    clock = [0.0]
    guard = _guard(issuer)
    guard._keys._clock = lambda: clock[0]
    assert _judged(guard, issuer.token()) is Verdict.ACCEPTED
    for name, value in change.items():
        setattr(issuer, name, value)
    clock[0] = 400.0
    assert _judged(guard, issuer.token()) is Verdict.ACCEPTED
    clock[0] = 400.0 + 86_400
    assert _judged(guard, issuer.token()) is Verdict.UNKNOWN_KEY, "not for ever"


def test_keys_from_a_file_are_read_again_when_it_changes(issuer: Issuer, tmp_path: Any) -> None:
    file = tmp_path / "jwks.json"
    file.write_bytes(issuer.key_set())
    guard = _guard(issuer, jwks=str(file))
    assert _judged(guard, issuer.token()) is Verdict.ACCEPTED
    issuer.new_key("k2")
    file.write_bytes(issuer.key_set())
    assert _judged(guard, issuer.token(kid="k2")) is Verdict.ACCEPTED
    assert issuer.fetched == 0


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
    ],
)
def test_what_would_let_anybody_in_is_no_guard(issuer: Issuer, options: dict[str, Any]) -> None:
    with pytest.raises(GuardConfigurationError):
        _guard(issuer, **options)


def test_the_middleware_refuses_and_lets_in(issuer: Issuer) -> None:
    seen: list[dict[str, Any]] = []

    async def app(scope: Any, _: Any, send: Any) -> None:
        seen.append(scope)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"in"})

    guarded = TokenGuardASGI(app, _guard(issuer))
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

    guarded, statuses = TokenGuardWSGI(app, _guard(issuer)), []
    for token in (issuer.token(), issuer.token(iss="https://evil.example.com")):
        environ = {"HTTP_AUTHORIZATION": f"Bearer {token}", "PATH_INFO": "/", "REQUEST_METHOD": "GET"}
        guarded(environ, lambda status, _: statuses.append(status))
    assert statuses == ["200 OK", "401 Unauthorized"]


def test_a_refusal_never_logs_the_token(issuer: Issuer, caplog: pytest.LogCaptureFixture) -> None:
    guard, token = _guard(issuer), issuer.token(aud="x")
    assert not guard.admits(_judged(guard, token), path="/orders")
    assert "another audience" in caplog.text
    assert token not in caplog.text


def test_watching_lets_through_and_says_so(issuer: Issuer, caplog: pytest.LogCaptureFixture) -> None:
    guard = _guard(issuer, mode="observe")
    assert guard.admits(_judged(guard, issuer.token(aud="x")), path="/")
    assert "observe mode" in caplog.text
