"""Tokens at applications in real frameworks, on the servers that they are deployed with."""

from __future__ import annotations

import base64
import http.client
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from operator import attrgetter
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from tests.guards.stands.frameworks import ONCE, TOKENS, Framework
from tests.guards.stands.tokens import ELLIPTIC, RSA, Issuer
from tests.support.origin import RecordingOrigin

STRANGER = ec.generate_private_key(ec.SECP256R1())


@dataclass(frozen=True)
class Served:
    """A running application, and the issuer that it believes."""

    port: int
    issuer: str

    def token(self, *, key: Any = ELLIPTIC, algorithm: str = "ES256", header: Any = None, **changed: Any) -> str:
        now = int(time.time())
        claims = {"iss": self.issuer, "aud": "orders", "sub": "s", "iat": now, "exp": now + 300, "jti": "1", **changed}
        return jwt.encode(claims, key, algorithm=algorithm, headers={"kid": "e1", **(header or {})})

    def ask(self, *authorizations: str) -> tuple[int, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        connection.putrequest("GET", "/orders")
        for value in authorizations:
            connection.putheader("authorization", value)
        connection.endheaders()
        answer = connection.getresponse()
        found = answer.status, json.loads(answer.read())
        connection.close()
        return found


@contextmanager
def _serving(framework: Framework, folder: Path) -> Iterator[Served]:
    with RecordingOrigin(reply=Issuer().reply) as keys:
        at = replace(framework, environ={"ISSUER": keys.url})
        with at(folder, mode="enforce", secrets=None) as port:
            yield Served(port, keys.url)


@pytest.fixture(scope="module", params=TOKENS, ids=attrgetter("name"))
def served(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with _serving(request.param, tmp_path_factory.mktemp("tokens")) as found:
        yield found


def test_the_right_token_is_let_in_and_goes_no_further(served: Served) -> None:
    status, told = served.ask(f"Bearer {served.token()}")
    assert (status, told["verdict"]) == (200, "accepted")
    assert "authorization" not in told["names"]


def _deep() -> str:
    return base64.urlsafe_b64encode(b"[" * 3000).rstrip(b"=").decode() + ".e30.AA"


def test_any_other_is_refused_and_harms_nobody(served: Served) -> None:
    now = int(time.time())
    for token in (
        "",
        "a.b.c",
        _deep(),
        served.token(aud="billing"),
        served.token(iss="https://evil.example.com"),
        served.token(exp=now - 90, iat=now - 200),
        served.token(exp=float("nan")),
        served.token(key=STRANGER),
        served.token(key=RSA, algorithm="RS256", header={"kid": "r1"}),
        served.token(header={"kid": "invented"}),
        served.token(header={"crit": ["x"], "x": 1}),
    ):
        status, problem = served.ask(f"Bearer {token}")
        assert (status, problem["title"]) == (401, "Unauthorized"), token
    right = f"Bearer {served.token()}"
    assert [served.ask()[0], served.ask(right, right)[0], served.ask(right)[0]] == [401, 401, 200]


@pytest.mark.parametrize("framework", [each for each in TOKENS if "fastapi" in each.name], ids=attrgetter("name"))
def test_a_websocket_opens_with_a_token_only(framework: Framework, tmp_path: Path) -> None:
    with _serving(framework, tmp_path) as served:
        place = f"ws://127.0.0.1:{served.port}/socket"
        with connect(place, additional_headers={"Authorization": f"Bearer {served.token()}"}, proxy=None) as opened:
            opened.send("hello")
            assert opened.recv(5) == "hello"
        for headers in ({}, {"Authorization": f"Bearer {served.token(aud='billing')}"}):
            with pytest.raises(InvalidStatus) as refused, connect(place, additional_headers=headers, proxy=None):
                pass
            assert refused.value.response.status_code in (401, 403)


@pytest.mark.parametrize("framework", ONCE, ids=attrgetter("name"))
def test_a_token_counts_once_by_a_store_that_is_awaited(framework: Framework, tmp_path: Path) -> None:
    with _serving(framework, tmp_path) as served:
        token = f"Bearer {served.token()}"
        assert [served.ask(token)[0] for _ in range(3)] == [200, 401, 401]
        assert served.ask(f"Bearer {served.token(jti='2')}")[0] == 200
