"""The metadata server of a machine in Google Cloud; google-auth judges the server that answers here.

Source: https://cloud.google.com/compute/docs/metadata/querying-metadata
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

import jwt
import pytest
from google.auth import compute_engine
from google.auth.compute_engine import _metadata
from google.auth.transport.requests import Request

from tests.providers.google_server import CLOUD, EMAIL, GOOGLE_KEY, Google
from tests.providers.surroundings import Issuer, surroundings
from tests.providers.their_clock import TEN_MINUTES, dated
from tests.providers.unwell import silent
from tests.support.origin import RecordingOrigin, Seen
from wicketgate.broker.registry import open_source
from wicketgate.broker.source import SHORT, Obtained, ProviderError
from wicketgate.ir.credentials.base import CredentialUse
from wicketgate.ir.credentials.google import MachineToken

AUDIENCE = "https://orders.example.com"
_ROOT = "/computeMetadata/v1/instance/service-accounts/"


@dataclass
class Metadata:
    """`account` says whether the machine has one; `flavor` whether the server shows itself as Google's."""

    account: bool = True
    flavor: bool = True
    life: int = 3599
    google: Google = field(default_factory=lambda: Google(Issuer()))

    def __call__(self, seen: Seen) -> bytes:
        path, _, query = seen.target.partition("?")
        if seen.all("metadata-flavor") != ["Google"]:
            return self.answer(403, "<html>Your client does not have permission to get URL</html>")
        if seen.method != "GET" or not path.startswith(_ROOT) or not self.account:
            return self.answer(404, "<html>Not Found</html>")
        return self.answer(*self._found(path.removeprefix(_ROOT), parse_qs(query)))

    def _found(self, name: str, query: dict[str, list[str]]) -> tuple[int, str]:
        match name, query:
            case "default/", {"recursive": ["true"]}:
                return 200, json.dumps({"email": EMAIL, "scopes": [CLOUD], "aliases": ["default"]})
            case ("default/identity", {"audience": [audience], "format": ["full"]}):
                return 200, self.google.id_token(audience)
            case "default/identity", _:
                return 400, "non-empty audience parameter required"
            case (asked, _) if asked in ("default/token", f"{EMAIL}/token"):
                scopes = query.get("scopes", [CLOUD])[0].split(",")
                token = {"access_token": f"for:{'+'.join(scopes)}", "expires_in": self.life, "token_type": "Bearer"}
                return 200, json.dumps(token)
            case _:
                return 404, "<html>Not Found</html>"

    def answer(self, status: int, body: str) -> bytes:
        kind = "application/json" if body.startswith("{") else "text/html"
        lines = [f"HTTP/1.1 {status} X", f"content-type: {kind}", f"content-length: {len(body)}"]
        flavor = ["Metadata-Flavor: Google", "Server: Metadata Server for VM"] if self.flavor else []
        flavor.append(dated(self.google.skew))
        return "\r\n".join([*lines, *flavor, "", body]).encode()


@pytest.fixture
def machine() -> Iterator[tuple[Metadata, RecordingOrigin]]:
    metadata = Metadata()
    with RecordingOrigin(reply=metadata) as server:
        yield metadata, server


def obtain(**fields: Any) -> Obtained:
    async def ask() -> Obtained:
        use = CredentialUse(MachineToken(**fields), "orders.example.com")
        return await open_source(use, surroundings=surroundings())()

    return asyncio.run(ask())


def test_an_id_token_of_the_machine(machine: tuple[Metadata, RecordingOrigin]) -> None:
    found = obtain(audience=AUDIENCE, endpoint=machine[1].url)
    claims = jwt.decode(found.value.reveal(), GOOGLE_KEY, algorithms=["RS256"], audience=AUDIENCE)
    assert found.expires_at == pytest.approx(claims["exp"], abs=2)


def test_an_access_token_of_the_machine(machine: tuple[Metadata, RecordingOrigin]) -> None:
    found = obtain(scopes=(CLOUD, "email"), endpoint=f"{machine[1].url}/")
    assert found.value.reveal() == f"for:{CLOUD}+email"
    assert found.expires_at == pytest.approx(time.time() + 3599, abs=5)


def test_googles_own_library_takes_this_server_for_one(
    machine: tuple[Metadata, RecordingOrigin], monkeypatch: pytest.MonkeyPatch
) -> None:
    host = machine[1].url.removeprefix("http://")
    monkeypatch.setattr(_metadata, "_GCE_METADATA_HOST", host)
    access = compute_engine.Credentials(scopes=[CLOUD])
    access.refresh(Request())
    assert access.token == f"for:{CLOUD}"
    identity = compute_engine.IDTokenCredentials(
        Request(),
        AUDIENCE,
        use_metadata_identity_endpoint=True,
    )
    identity.refresh(Request())
    assert jwt.decode(identity.token, GOOGLE_KEY, algorithms=["RS256"], audience=AUDIENCE)["email"] == EMAIL


def test_whoever_else_answers_there_is_not_believed(machine: tuple[Metadata, RecordingOrigin]) -> None:
    machine[0].flavor = False
    with pytest.raises(ProviderError, match="not Google's metadata server") as refused:
        obtain(audience=AUDIENCE, endpoint=machine[1].url)
    assert refused.value.final


def test_a_machine_without_an_account(machine: tuple[Metadata, RecordingOrigin]) -> None:
    machine[0].account = False
    with pytest.raises(ProviderError, match="has no service account") as refused:
        obtain(scopes=(CLOUD,), endpoint=machine[1].url)
    assert refused.value.final


@pytest.mark.parametrize("life", [0, -1])
def test_a_token_that_has_ended_is_none(machine: tuple[Metadata, RecordingOrigin], life: int) -> None:
    machine[0].life = life
    with pytest.raises(ProviderError, match="expires_in"):
        obtain(scopes=(CLOUD,), endpoint=machine[1].url)


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (503, "busy", "status 503"),
        (200, "", "no end"),
        (200, "not.a.token", "no end"),
        (200, "<html>log in first</html>", "no end"),
    ],
)
def test_an_answer_that_is_no_token(status: int, body: str, words: str) -> None:
    reply = f"HTTP/1.1 {status} X\r\nmetadata-flavor: Google\r\ncontent-length: {len(body)}\r\n\r\n{body}"
    with RecordingOrigin(reply=lambda _: reply.encode()) as server, pytest.raises(ProviderError, match=words):
        obtain(audience=AUDIENCE, endpoint=server.url)


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (500, "internal", "status 500"),
        (200, '{"access_token": "canary', "not a JSON object"),
        (200, "[]", "not a JSON object"),
        (200, '{"access_token": "", "expires_in": 60}', "no `access_token`"),
    ],
)
def test_an_answer_that_is_no_access_token(
    machine: tuple[Metadata, RecordingOrigin], status: int, body: str, words: str
) -> None:
    machine[1].reply = lambda _: machine[0].answer(status, body)
    with pytest.raises(ProviderError, match=words) as refused:
        obtain(scopes=(CLOUD,), endpoint=machine[1].url)
    assert not refused.value.final
    assert "canary" not in refused.value.message


@pytest.mark.parametrize("skew", [TEN_MINUTES, -TEN_MINUTES])
def test_an_access_token_without_an_end_lives_short(machine: tuple[Metadata, RecordingOrigin], skew: float) -> None:
    machine[0].google.skew = skew
    machine[1].reply = lambda _: machine[0].answer(200, '{"access_token": "t", "token_type": "Bearer"}')
    found = obtain(scopes=(CLOUD,), endpoint=machine[1].url)
    assert found.expires_at == pytest.approx(time.time() + SHORT, abs=5)


def test_an_account_that_is_taken_away_while_it_runs(machine: tuple[Metadata, RecordingOrigin]) -> None:
    obtain(audience=AUDIENCE, endpoint=machine[1].url)
    machine[0].account = False
    with pytest.raises(ProviderError, match="has no service account"):
        obtain(audience=AUDIENCE, endpoint=machine[1].url)


@pytest.mark.parametrize("skew", [TEN_MINUTES, -TEN_MINUTES])
def test_the_end_of_a_token_counts_by_googles_clock(machine: tuple[Metadata, RecordingOrigin], skew: float) -> None:
    machine[0].google.skew = skew
    found = obtain(audience=AUDIENCE, endpoint=machine[1].url)
    assert found.expires_at == pytest.approx(time.time() + 3600, abs=5)


def test_a_metadata_server_that_has_enough_says_for_how_long() -> None:
    reply = b"HTTP/1.1 429 X\r\nmetadata-flavor: Google\r\nretry-after: 4\r\ncontent-length: 0\r\n\r\n"
    with RecordingOrigin(reply=lambda _: reply) as server, pytest.raises(ProviderError, match="status 429") as refused:
        obtain(scopes=(CLOUD,), endpoint=server.url)
    assert (refused.value.retry_after, refused.value.final) == (4.0, False)


def test_a_metadata_server_that_never_answers_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    with silent(monkeypatch) as authority, pytest.raises(ProviderError, match="no answer from") as refused:
        obtain(audience=AUDIENCE, endpoint=f"http://{authority}")
    assert "Google Cloud" in refused.value.hint


def test_a_machine_that_is_not_in_google_cloud() -> None:
    with pytest.raises(ProviderError, match="cannot reach") as refused:
        obtain(audience=AUDIENCE, endpoint="http://127.0.0.1:9")
    assert "Google Cloud" in refused.value.hint
