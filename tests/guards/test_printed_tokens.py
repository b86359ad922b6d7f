"""`wicket guard nginx|apache|envoy --token` on the real servers: what passes, what does not, and what a roll does."""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import json
import re
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA384
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.guards.stands.base import free_port, logged
from tests.guards.stands.tokens import ELLIPTIC, RSA, Guarded, Issuer, guarded, published, serving
from tests.live.conftest import until
from tests.support.certificates import Authority
from tests.support.origin import RecordingOrigin, Seen
from wicketgate.guards.token import TOKEN_SERVERS, TokenConfig, render_token

REFUSED = (401, "application/problem+json")
OTHER = ec.generate_private_key(ec.SECP256R1())


@pytest.fixture(scope="module", params=TOKEN_SERVERS)
def server(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def guard(server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    with guarded(server, tmp_path_factory.mktemp(server)) as found:
        yield found


def test_the_right_token_passes_and_goes_no_further(guard: Guarded) -> None:
    for token in (guard.token(), guard.token(key=RSA, algorithm="RS256", kid="r1")):
        assert guard.ask(f"bearer {token}")[0] == 200
        assert guard.ask(f"Bearer {token}")[0] == 200
        assert guard.origin.last.all("authorization") == []
        assert guard.ask(f"Bearer {token}", method="HEAD")[0] == 200


def test_target_and_host_go_on_as_they_came(guard: Guarded) -> None:
    target = "/a%2Fb//c/../d%20e?x=%2F&y"
    assert guard.ask(f"Bearer {guard.token()}", target=target)[0] == 200
    assert guard.origin.last.target == target
    assert guard.origin.last.one("host") == f"127.0.0.1:{guard.port}"


def test_clocks_may_differ_by_a_minute(guard: Guarded) -> None:
    now = int(time.time())
    cases: list[dict[str, Any]] = [
        {"iat": now + 40, "nbf": now + 40},
        {"iat": now - 300, "nbf": now - 300, "exp": now - 40},
    ]
    for dates in cases:
        assert guard.ask(f"Bearer {guard.token(**dates)}")[0] == 200


NOW = int(time.time())


@pytest.mark.parametrize(
    "changed",
    [
        {"aud": "billing"},
        {"aud": None},
        {"aud": ["orders", "billing"]},
        {"aud": {"orders": "orders"}},
        {"aud": "billing", "AUD": "orders"},
        {"iss": "https://evil.example.com"},
        {"iss": None},
        {"exp": NOW - 90},
        {"exp": None},
        {"exp": NOW + 86_400},
        {"iat": NOW + 600},
        {"iat": NOW - 3000, "exp": NOW + 1000},
        {"iat": None},
        {"iat": "0"},
        {"nbf": NOW + 600},
        {"key": OTHER},
        {"kid": "unknown"},
        {"kid": None},
        {"kid": "r1"},
        {"key": RSA, "algorithm": "RS256"},
        {"key": RSA, "algorithm": "RS384", "kid": "r1"},
        {"key": RSA, "algorithm": "PS256", "kid": "r1"},
        {"key": None, "algorithm": "none"},
        {"key": "a-shared-secret-of-sufficient-length", "algorithm": "HS256"},
        {"head": {"crit": ["x"], "x": 1}},
    ],
    ids="-".join,
)
def test_a_wrong_token_is_refused(guard: Guarded, changed: dict[str, Any]) -> None:
    reached = len(guard.origin.seen)
    assert guard.ask(f"Bearer {guard.token(**changed)}") == REFUSED
    assert len(guard.origin.seen) == reached


def test_a_public_key_is_no_shared_secret(guard: Guarded) -> None:
    public = RSA.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    listed = json.dumps(published("r1", RSA)).encode()
    modulus = RSA.public_key().public_numbers().n.to_bytes(256, "big")
    for secret in (public, public.strip(), listed, modulus):
        assert guard.ask(f"Bearer {_by_hand(guard, secret)}") == REFUSED


def test_what_is_no_token_is_refused(guard: Guarded) -> None:
    right = guard.token()
    bearer = f"Bearer {right}"
    head, body, signature = right.split(".")
    longer = {**json.loads(_decoded(body)), "exp": int(time.time()) + 3000}
    changed = f"Bearer {head}.{_encoded(json.dumps(longer).encode())}.{signature}"
    reached = len(guard.origin.seen)
    for values in (
        [],
        ["Bearer"],
        ["Bearer a.b.c"],
        ["Basic dXM6aXQ="],
        [right],
        [f"Bearer {head}.{body}."],
        [f"Bearer {head}.{body}"],
        [changed],
        [f"{bearer}, {bearer}"],
        [f"junk {bearer}"],
        [f"{bearer} x"],
    ):
        assert guard.ask(*values) == REFUSED, values
    for values in ([bearer, bearer], [bearer, "Bearer x"], ["Bearer x", bearer]):
        assert guard.ask(*values)[0] in (400, 401), values
    assert len(guard.origin.seen) == reached


def test_a_token_elsewhere_is_no_token(guard: Guarded) -> None:
    right = guard.token()
    for target in (f"/orders?access_token={right}", f"/orders?token={right}"):
        assert guard.ask(target=target) == REFUSED
    for name, value in (
        ("cookie", f"access_token={right}; token={right}"),
        ("proxy-authorization", f"Bearer {right}"),
        ("x-forwarded-authorization", f"Bearer {right}"),
    ):
        assert guard.ask(**{name: value}) == REFUSED, name
    form = {"content-type": "application/x-www-form-urlencoded"}
    assert _post(guard, f"access_token={right}", **form) == REFUSED[0]


def test_the_places_of_the_keys_are_not_for_callers(guard: Guarded) -> None:
    """With the right token, such a path is one of the application's."""
    for target in ("/.wicketgate-guard/kept", "/.wicketgate-guard/fresh"):
        assert guard.ask(target=target)[0] in (401, 404)


def test_a_refusal_is_a_problem(guard: Guarded) -> None:
    for value in ("", f"Bearer {guard.token(aud='billing')}", f"Bearer {guard.token(key=OTHER)}"):
        connection = http.client.HTTPConnection("127.0.0.1", guard.port, timeout=20)
        connection.request("GET", "/a%22b?x=1", headers={"authorization": value})
        answer = connection.getresponse()
        told = json.loads(answer.read())
        assert (told["status"], told["title"]) == (401, "Unauthorized")
        assert told["instance"].startswith("/a")
        assert "x=1" not in told["instance"]
        assert answer.headers["cache-control"] == "no-store"
        connection.close()


def test_nothing_comes_back_that_was_sent(guard: Guarded) -> None:
    assert guard.ask(f"Bearer {guard.token()}", method="TRACE")[0] == 405


@pytest.mark.parametrize(
    "head", ['{"alg":"RS256","alg":"RS384","kid":"r1"}', '{"alg":"RS256","\\u0061lg":"RS384","kid":"r1"}']
)
def test_a_head_that_can_be_read_in_two_ways_is_refused(guard: Guarded, head: str) -> None:
    signed = f"{_encoded(head.encode())}.{guard.token().split('.')[1]}"
    signature = RSA.sign(signed.encode(), PKCS1v15(), SHA384())
    assert guard.ask(f"Bearer {signed}.{_encoded(signature)}") == REFUSED


def test_a_body_and_an_upgrade_go_on(guard: Guarded) -> None:
    assert _post(guard, "x" * 100_000, authorization=f"Bearer {guard.token()}") == 200
    assert guard.origin.last.body == b"x" * 100_000
    upgrade = {"connection": "upgrade", "upgrade": "websocket"}
    assert guard.ask(f"Bearer {guard.token()}", **upgrade)[0] == 200
    assert guard.origin.last.one("upgrade") == "websocket"


def test_invented_keys_make_no_flood_of_fetches(guard: Guarded) -> None:
    before = len(guard.keys.seen)
    for number in range(30):
        assert guard.ask(f"Bearer {guard.token(kid=f'invented-{number}')}") == REFUSED
    assert len(guard.keys.seen) - before <= 2


def _by_hand(guard: Guarded, secret: bytes) -> str:
    """HS256 with the public key as the secret: libraries refuse to make such a token."""
    head = _encoded(json.dumps({"alg": "HS256", "typ": "JWT", "kid": "r1"}).encode())
    signed = f"{head}.{guard.token().split('.')[1]}"
    return f"{signed}.{_encoded(hmac.new(secret, signed.encode(), hashlib.sha256).digest())}"


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _post(guard: Guarded, body: str, **fields: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", guard.port, timeout=20)
    connection.request("POST", "/orders", body, fields)
    status = connection.getresponse().status
    connection.close()
    return status


_UNKNOWN = {
    "nginx": ["proxy_cache_valid 200 30s"],
    "apache": ["max-age=30"],
    "envoy": ["cache_duration: 30s"],
}
"""What says how often keys are fetched because one is not known."""
_SPANS = {
    "nginx": [*_UNKNOWN["nginx"], "proxy_cache_valid 200 5m", "proxy_cache_valid 200 5s", "502 503 504 5s"],
    "apache": [*_UNKNOWN["apache"], "jwks_uri.expiry=300", "retry=5"],
    "envoy": [*_UNKNOWN["envoy"], "failed_refetch_duration: 5s"],
}
_SPAN = re.compile(r"[0-9]+([sm]?)$")


def _hasty(spans: Sequence[str]) -> Callable[[str], str]:
    """The printed spans, one second each."""

    def amend(text: str) -> str:
        for span in spans:
            assert span in text, span
            text = text.replace(span, _SPAN.sub(lambda found: "1s" if found[1] else "1", span))
        return text

    return amend


def _passes(guard: Guarded, **token: Any) -> bool:
    return guard.ask(f"Bearer {guard.token(**token)}")[0] == 200


def test_a_new_key_counts_without_a_restart(server: str, tmp_path: Path) -> None:
    with guarded(server, tmp_path, amend=_hasty(_UNKNOWN[server])) as guard:
        assert _passes(guard)
        for kid in ("e2", "e3"):
            assert not _passes(guard, key=OTHER, kid=kid)
            guard.issuer.keys.append(published(kid, OTHER))
            until(partial(_passes, guard, key=OTHER, kid=kid))
            assert _passes(guard), "the one before"


@pytest.mark.parametrize("seconds", [0.0, 1.0])
def test_invented_keys_that_come_together_make_one_fetch(server: str, seconds: float, tmp_path: Path) -> None:
    """However long the issuer takes; the gateway's own requests do not wait for them."""
    with guarded(server, tmp_path, amend=_hasty(_UNKNOWN[server])) as guard:
        assert _passes(guard)
        assert guard.ask(f"Bearer {guard.token(kid='invented')}") == REFUSED
        time.sleep(1.5)
        before = len(guard.keys.seen)
        at_once = guard.keys.reply

        def late(seen: Seen) -> bytes:
            time.sleep(seconds)
            return at_once(seen)

        guard.keys.reply = late
        with ThreadPoolExecutor(20) as callers:
            asked = [callers.submit(guard.ask, f"Bearer {guard.token(kid=f'i-{number}')}") for number in range(20)]
            assert _passes(guard)
            assert {each.result() for each in asked} == {REFUSED}
        assert len(guard.keys.seen) - before <= 2 + seconds


def test_a_slow_issuer_delays_nobody_in_nginx(tmp_path: Path) -> None:
    """The keys are due, and the issuer answers only when everybody has been let in."""
    with guarded("nginx", tmp_path, amend=_hasty(_SPANS["nginx"])) as guard:
        assert _passes(guard)
        time.sleep(2.5)
        before, answered = len(guard.keys.seen), threading.Event()
        at_once = guard.keys.reply

        def late(seen: Seen) -> bytes:
            answered.wait(10)
            return at_once(seen)

        guard.keys.reply = late
        with ThreadPoolExecutor(20) as callers:
            asked = [callers.submit(guard.ask, f"Bearer {guard.token()}") for _ in range(20)]
            assert {each.result()[0] for each in asked} == {200}
        assert not answered.is_set()
        answered.set()
        assert len(guard.keys.seen) - before == 1


@pytest.mark.parametrize("server", ["apache", "nginx"])
@pytest.mark.parametrize("other", [{"audience": "bills"}, {"issuer": "/other"}])
def test_two_guards_stand_on_one_server(server: str, other: dict[str, str], tmp_path: Path) -> None:
    issuer = Issuer()
    with RecordingOrigin() as origin, RecordingOrigin(reply=issuer.reply) as keys:
        ports = free_port(), free_port()
        upstream = f"127.0.0.1:{origin.port}"
        url, audience = keys.url + other.get("issuer", "/issuer"), other.get("audience", "orders")
        first = TokenConfig(
            issuer=f"{keys.url}/issuer", audience="orders", listen=f"127.0.0.1:{ports[0]}", upstream=upstream
        )
        second = TokenConfig(issuer=url, audience=audience, listen=f"127.0.0.1:{ports[1]}", upstream=upstream)
        with serving(server, tmp_path, first, second):
            stands = [
                Guarded(port, config.issuer, origin, issuer, keys, tmp_path)
                for port, config in zip(ports, (first, second), strict=True)
            ]
            tokens = [stands[0].token(aud="orders"), stands[1].token(aud=audience)]
            for _ in range(2):
                answers = [[stand.ask(f"Bearer {token}")[0] for token in tokens] for stand in stands]
                assert answers == [[200, 401], [401, 200]]


def test_how_long_keys_are_kept_is_not_the_issuers_to_say(server: str, tmp_path: Path) -> None:
    with guarded(server, tmp_path) as guard:
        guard.issuer.says = (
            "cache-control: no-store, private\r\nexpires: 0\r\npragma: no-cache\r\nvary: *\r\nset-cookie: a=b\r\n"
        )
        for number in range(20):
            assert guard.ask(f"Bearer {guard.token(kid=f'invented-{number}')}") == REFUSED
        assert len(guard.keys.seen) <= 2


def test_a_key_that_is_gone_counts_no_more(server: str, tmp_path: Path) -> None:
    with guarded(server, tmp_path, amend=_hasty(_SPANS[server])) as guard:
        assert _passes(guard)
        del guard.issuer.keys[0]
        until(lambda: not _passes(guard, jti=str(time.time())))
        assert _passes(guard, key=RSA, algorithm="RS256", kid="r1")


def test_the_keys_are_asked_for_with_nothing_of_a_caller(server: str, tmp_path: Path) -> None:
    with guarded(server, tmp_path) as guard:
        fields = {"cookie": "a=b", "x-mine": "c", "authorization": f"Bearer {guard.token()}"}
        assert _post(guard, "a body", **fields) == 200
        (asked,) = guard.keys.seen
        assert (asked.method, asked.target, asked.body) == ("GET", "/issuer/.well-known/jwks.json", b"")
        assert [name for name in fields if asked.all(name)] == []


def _while_it_is_down(guard: Guarded) -> None:
    """The last keys serve while the issuer answers errors, and it is asked."""
    assert _passes(guard)
    guard.issuer.status = "503 Service Unavailable"
    asked = len(guard.keys.seen)
    until(lambda: _passes(guard, jti=str(time.time())) and len(guard.keys.seen) > asked)
    assert all(_passes(guard) for _ in range(5))


def test_the_last_keys_serve_for_a_day_in_nginx(tmp_path: Path) -> None:
    with guarded("nginx", tmp_path, amend=_hasty(_SPANS["nginx"])) as guard:
        _while_it_is_down(guard)
        guard.issuer.status, guard.issuer.made = "200 OK", time.time() - 86_500
        until(lambda: not _passes(guard))
        guard.issuer.made = None
        until(lambda: _passes(guard))


def test_the_last_keys_serve_for_a_day_in_apache(tmp_path: Path) -> None:
    def amend(text: str) -> str:
        assert "CacheSocacheMinTime 86400" in text
        return _hasty(_SPANS["apache"])(text).replace("CacheSocacheMinTime 86400", "CacheSocacheMinTime 3")

    with guarded("apache", tmp_path, amend=amend) as guard:
        _while_it_is_down(guard)
        until(lambda: not _passes(guard, jti=str(time.time())))
        guard.issuer.status = "200 OK"
        until(lambda: _passes(guard))


@pytest.mark.parametrize("status", ["500 Internal Server Error", "302 Found"])
def test_without_keys_nobody_is_let_in(server: str, status: str, tmp_path: Path) -> None:
    with guarded(server, tmp_path, amend=_hasty(_SPANS[server]), status=status) as guard:
        assert guard.ask(f"Bearer {guard.token()}") == REFUSED
        guard.issuer.status = "200 OK"
        until(lambda: _passes(guard))


@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")
def test_a_key_that_is_for_something_else_does_not_count(tmp_path: Path) -> None:
    short = rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505 - what the guard must refuse
    with guarded("nginx", tmp_path) as guard:
        guard.issuer.keys[:] = [
            published("encrypts", ELLIPTIC, use="enc"),
            published("other-algorithm", ELLIPTIC, alg="ES384"),
            published("other-curve", ELLIPTIC, crv="P-384"),
            published("short", short),
            published("e1", ELLIPTIC),
        ]
        assert _passes(guard)
        for kid in ("encrypts", "other-algorithm", "other-curve"):
            assert not _passes(guard, kid=kid), kid
        assert not _passes(guard, key=short, algorithm="RS256", kid="short")


@pytest.mark.parametrize(
    ("trusted", "name", "passes"),
    [(True, "localhost", True), (False, "localhost", False), (True, "elsewhere.example.com", False)],
)
def test_the_keys_of_another_server_do_not_count(
    server: str, trusted: bool, name: str, passes: bool, tmp_path: Path
) -> None:
    """An authority that is not ours, and a name that is not the issuer's."""
    authority = Authority.create(tmp_path / "authority")
    pair = authority.issue(name)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.certificate, pair.key)
    system = "/etc/ssl/certs/ca-certificates.crt"

    def amend(text: str) -> str:
        assert system in text
        return text.replace(system, str(authority.roots)) if trusted else text

    with guarded(server, tmp_path, amend=amend, keys=RecordingOrigin(tls=context)) as guard:
        assert _passes(guard) is passes


def test_the_last_keys_serve_in_envoy(tmp_path: Path) -> None:
    with guarded("envoy", tmp_path, amend=_hasty(_SPANS["envoy"])) as guard:
        _while_it_is_down(guard)


def test_an_error_in_the_script_of_envoy_lets_nobody_in(tmp_path: Path) -> None:
    """Envoy itself would go on."""

    begins = "function envoy_on_request(handle)"

    def amend(text: str) -> str:
        assert begins in text
        return text.replace(begins, f"{begins}\n{' ' * 20}error('x')")

    with guarded("envoy", tmp_path, amend=amend) as guard:
        assert guard.ask(f"Bearer {guard.token()}") == REFUSED
        assert guard.origin.seen == []


def test_what_nginx_alone_does(tmp_path: Path) -> None:
    def amend(text: str) -> str:
        return text.replace("    listen ", f"    error_log {tmp_path}/why.log warn;\n    listen ", 1)

    with guarded("nginx", tmp_path, amend=amend) as guard:
        assert _passes(guard, aud=["orders"])
        spoofed = {"author_ization": "a", "x_forwarded_for": "c"}
        assert guard.ask(f"Bearer {guard.token()}", **spoofed)[0] == 200
        assert [name for name, _ in guard.origin.last.headers if "_" in name] == []
        assert not _passes(guard, key="a-shared-secret-of-sufficient-length", algorithm="HS256")
        assert "token has a head that is not allowed" in logged(tmp_path)


def test_a_verdict_that_apache_remembers_ends_with_the_token(tmp_path: Path) -> None:
    """mod_oauth2 keeps it for five minutes."""

    def amend(text: str) -> str:
        assert "SKEW, LONGEST_LIFE = 60, 3600" in text
        return text.replace("SKEW, LONGEST_LIFE = 60, 3600", "SKEW, LONGEST_LIFE = 0, 3600")

    with guarded("apache", tmp_path, amend=amend) as guard:
        bearer = f"Bearer {guard.token(exp=int(time.time()) + 3)}"
        assert guard.ask(bearer)[0] == 200
        until(lambda: guard.ask(bearer) == REFUSED)


def test_apache_tells_its_own_refusals_from_the_applications(tmp_path: Path) -> None:
    with guarded("apache", tmp_path) as guard:
        guard.origin.reply = lambda _: b"HTTP/1.1 401 No\r\ncontent-type: text/plain\r\ncontent-length: 0\r\n\r\n"
        assert guard.ask(f"Bearer {guard.token()}") == (401, "text/plain")


def test_without_its_script_apache_lets_nobody_in(tmp_path: Path) -> None:
    with guarded("apache", tmp_path) as guard:
        (script,) = tmp_path.glob("wicketgate_*.lua")
        script.unlink()
        assert guard.ask(f"Bearer {guard.token()}")[0] == 500
        assert guard.origin.seen == []


@pytest.mark.parametrize("audience", ["urn:orders;{a}#b%20%{c}@d/?e=(f)&g*[h]|<i>^~`", "https://orders.example.com/"])
def test_any_audience_that_is_printed_is_the_one_that_counts(server: str, audience: str, tmp_path: Path) -> None:
    with guarded(server, tmp_path, audience=audience) as guard:
        assert _passes(guard, aud=audience)
        assert not _passes(guard)


@pytest.mark.parametrize("name", TOKEN_SERVERS)
def test_every_choice_reaches_the_text(name: str) -> None:
    config = TokenConfig(
        issuer="https://gateway.example.com/i", audience="bills", listen="0.0.0.0:9443", upstream="app.internal:9001"
    )
    text = render_token(name, config)
    for choice in ("gateway.example.com", "bills", "9443", "app.internal", "9001"):
        assert choice in text
    assert re.search("@[a-z_]+@", text) is None
    assert render_token(name, config) == text
