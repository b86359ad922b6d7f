"""google-auth against the endpoints as Google documents them."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from google.oauth2.id_token import verify_token

from tests.providers.google_server import EMAIL, GOOGLE_KEY, PROVIDER, Google, answer, google
from tests.providers.surroundings import Issuer, surroundings, variable
from tests.providers.their_clock import TEN_MINUTES, dated
from tests.providers.unwell import gone, silent
from wicketgate.broker.registry import open_source
from wicketgate.broker.source import SHORT, Obtained, ProviderError
from wicketgate.ir.credentials.base import Credential, CredentialUse
from wicketgate.ir.credentials.google import FederatedToken, SelfSignedToken, ServiceAccountToken

AUDIENCE = "https://orders.example.com"


@pytest.fixture
def cloud() -> Iterator[Google]:
    with google() as found:
        yield found


def _obtain(
    cloud: Google, credential: Credential, *, account: str | None = None, issuer: Issuer | None = None
) -> Obtained:
    use = CredentialUse(credential, "orders.example.com")
    text = cloud.account() if account is None else account
    given = surroundings(texts={"ACCOUNT": text}, issuer=issuer or cloud.issuer)
    return asyncio.run(_awaited(use, given))


async def _awaited(use: CredentialUse, given: object) -> Obtained:
    return await open_source(use, surroundings=given)()  # type: ignore[arg-type]


def _account(cloud: Google, **fields: object) -> ServiceAccountToken:
    endpoint = f"{cloud.url}/token"
    return ServiceAccountToken(account=variable("ACCOUNT"), token_endpoint=endpoint, **fields)  # type: ignore[arg-type]


def _federated(cloud: Google) -> FederatedToken:
    return FederatedToken(
        audience=AUDIENCE,
        service_account=EMAIL,
        provider=PROVIDER,
        sts_endpoint=f"{cloud.url}/v1/token",
        iam_endpoint=cloud.url,
    )


@dataclass(frozen=True)
class Certificates:
    """Where google-auth's verifier finds Google's keys, as it would be answered over HTTP."""

    status: int = 200

    @property
    def data(self) -> bytes:
        key = GOOGLE_KEY.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        return json.dumps({"k1": key.decode()}).encode()

    def __call__(self, url: str, **_: object) -> Certificates:
        assert url == "https://www.googleapis.com/oauth2/v1/certs"
        return self


def _is_id_token(found: Obtained) -> bool:
    claims = verify_token(found.value.reveal(), Certificates(), audience=AUDIENCE)
    assert claims["email"] == EMAIL
    return bool(abs(found.expires_at - claims["exp"]) < 2)


def test_an_id_token_with_the_key_of_an_account(cloud: Google) -> None:
    assert _is_id_token(_obtain(cloud, _account(cloud, audience=AUDIENCE)))


def test_an_access_token_for_scopes(cloud: Google) -> None:
    found = _obtain(cloud, _account(cloud, scopes=("https://www.googleapis.com/auth/cloud-platform",)))
    assert found.value.reveal() in cloud.access
    assert found.expires_at == pytest.approx(time.time() + 3599, abs=5)


def test_a_token_that_the_key_signs_itself(cloud: Google) -> None:
    found = _obtain(cloud, SelfSignedToken(account=variable("ACCOUNT"), audience="https://pubsub.googleapis.com/"))
    claims = jwt.decode(found.value.reveal(), options={"verify_signature": False})
    assert (claims["iss"], claims["sub"], claims["aud"]) == (EMAIL, EMAIL, "https://pubsub.googleapis.com/")
    assert cloud.server.seen == []
    assert found.expires_at == pytest.approx(time.time() + 3600, abs=5)


def test_the_gateway_acts_as_an_account_without_a_key(cloud: Google) -> None:
    assert _is_id_token(_obtain(cloud, _federated(cloud)))
    assert [seen.target for seen in cloud.server.seen] == [
        "/v1/token",
        f"/v1/projects/-/serviceAccounts/{EMAIL}:generateIdToken",
    ]


def _distrust(cloud: Google) -> None:
    cloud.trusted = False


def _other_audience(cloud: Google) -> None:
    cloud.allowed_audience = "https://elsewhere.example.com"


def _late(cloud: Google) -> None:
    cloud.issuer.skew = -TEN_MINUTES


def _early(cloud: Google) -> None:
    cloud.issuer.skew = TEN_MINUTES


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (_distrust, "rejected by the attribute condition"),
        (_other_audience, "does not match the expected audience"),
        (_late, "stale to sign-in"),
        (_early, "stale to sign-in"),
    ],
)
def test_a_refused_exchange_is_told_in_googles_words(
    cloud: Google, change: Callable[[Google], None], words: str
) -> None:
    change(cloud)
    with pytest.raises(ProviderError, match=words) as refused:
        _obtain(cloud, _federated(cloud))
    assert refused.value.final


def test_a_revoked_key_of_an_account_is_told(cloud: Google) -> None:
    cloud.key_revoked = True
    with pytest.raises(ProviderError, match="invalid_grant: Invalid JWT Signature"):
        _obtain(cloud, _account(cloud, audience=AUDIENCE))


@pytest.mark.parametrize("kind", ["account", "federated"])
@pytest.mark.parametrize(
    ("trouble", "words", "wait"),
    [
        (lambda: answer(500, {"error": "internal_failure"}), "internal_failure", None),
        (lambda: answer(503, b"<html>busy</html>"), "status 503", None),
        (lambda: answer(429, {"error": "rate_limited"}, "retry-after: 7"), "rate_limited", 7.0),
        (lambda: answer(302, b"", "location: http://127.0.0.1:1/"), "status 302", None),
        (lambda: answer(200, b"{not json"), "not a JSON object", None),
        (lambda: answer(200, {}), "answer has no token", None),
        (lambda: answer(200, []), "not a JSON object", None),
        (lambda: answer(200, b"[" * 100_000), "not a JSON object", None),
        (lambda: answer(200, {"access_token": "", "id_token": "", "token": ""}), "answer has no token", None),
        (lambda: answer(200, b"[" + b" " * 300_000 + b"]"), "larger than", None),
    ],
)
def test_whatever_goes_wrong_is_an_error_without_a_secret(
    cloud: Google, kind: str, trouble: Callable[[], bytes], words: str, wait: float | None
) -> None:
    cloud.trouble = trouble
    credential = _account(cloud, audience=AUDIENCE) if kind == "account" else _federated(cloud)
    with pytest.raises(ProviderError, match=words) as refused:
        _obtain(cloud, credential)
    assert refused.value.retry_after == wait
    assert "PRIVATE KEY" not in repr(refused.value) + refused.value.message + refused.value.hint
    assert len(cloud.server.seen) == 1, "one attempt is one request: the lease knows when to try again"


def test_a_key_that_google_does_not_know_is_told(cloud: Google) -> None:
    with pytest.raises(ProviderError, match="Unable to verify") as refused:
        _obtain(cloud, _federated(cloud), issuer=Issuer())
    assert refused.value.final


def test_an_access_token_without_an_end_lives_short(cloud: Google) -> None:
    cloud.trouble = lambda: answer(200, {"access_token": "t", "token_type": "Bearer"})
    assert _obtain(cloud, _account(cloud, scopes=("a",))).expires_at == pytest.approx(time.time() + SHORT, abs=5)


@pytest.mark.parametrize(
    "found",
    [
        {"access_token": "canary\r\nx: y", "expires_in": 60},
        {"access_token": "canary", "expires_in": "soon"},
        {"access_token": "canary", "expires_in": -5},
        {"canary": "canary"},
    ],
)
@pytest.mark.parametrize("kind", ["account", "federated"])
def test_a_token_that_cannot_be_used_is_not_shown(cloud: Google, kind: str, found: dict[str, object]) -> None:
    cloud.trouble = lambda: answer(200, found)
    credential = _account(cloud, scopes=("a",)) if kind == "account" else _federated(cloud)
    with pytest.raises(ProviderError) as refused:
        _obtain(cloud, credential)
    assert "canary" not in refused.value.message + refused.value.hint


def _away(cloud: Google, kind: str, authority: str) -> Credential:
    url = f"http://{authority}"
    if kind == "account":
        return dataclasses.replace(_account(cloud, audience=AUDIENCE), token_endpoint=f"{url}/token")
    if kind == "exchange":
        return dataclasses.replace(_federated(cloud), sts_endpoint=f"{url}/v1/token")
    return dataclasses.replace(_federated(cloud), iam_endpoint=url)


KINDS = ["account", "exchange", "second"]


@pytest.mark.parametrize("kind", KINDS)
def test_who_never_answers_is_left(cloud: Google, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    with silent(monkeypatch) as authority, pytest.raises(ProviderError, match="no answer from") as refused:
        _obtain(cloud, _away(cloud, kind, authority))
    assert not refused.value.final


@pytest.mark.parametrize("kind", KINDS)
def test_nobody_there_is_told(cloud: Google, kind: str) -> None:
    with pytest.raises(ProviderError, match="cannot reach") as refused:
        _obtain(cloud, _away(cloud, kind, gone()))
    assert not refused.value.final


def _error(status: int, name: str, text: str) -> dict[str, object]:
    """https://cloud.google.com/apis/design/errors"""
    return {"error": {"code": status, "message": text, "status": name}}


DENIED = "Permission 'iam.serviceAccounts.getOpenIdToken' denied on resource (or it may not exist)."
QUOTA = "Quota exceeded for quota metric 'Generate OpenId token'"


@pytest.mark.parametrize(
    ("raw", "words", "wait", "final"),
    [
        (answer(403, _error(403, "PERMISSION_DENIED", DENIED)), r"PERMISSION_DENIED: .*getOpenIdToken", None, True),
        (answer(429, _error(429, "RESOURCE_EXHAUSTED", QUOTA), "retry-after: 5"), "RESOURCE_EXHAUSTED", 5.0, False),
        (answer(500, _error(500, "INTERNAL", "Internal error")), r"INTERNAL: .*status 500", None, False),
        (answer(503, b"<html>"), "status 503", None, False),
        (answer(200, b"{not json"), "not a JSON object", None, False),
        (answer(200, {}), "no end", None, False),
        (answer(200, {"token": ""}), "no end", None, False),
        (answer(200, {"token": "canary"}), "no end", None, False),
        (answer(200, {"token": jwt.encode({"sub": "x"}, "k" * 32)}), "no end", None, False),
        (answer(200, {"token": jwt.encode({"exp": 1}, "k" * 32)}), "not the life", None, False),
    ],
)
def test_the_second_answer_may_be_no_token(
    cloud: Google, raw: bytes, words: str, wait: float | None, final: bool
) -> None:
    cloud.second = lambda: raw
    with pytest.raises(ProviderError, match=words) as refused:
        _obtain(cloud, _federated(cloud))
    assert (refused.value.retry_after, refused.value.final) == (wait, final)
    assert "canary" not in refused.value.message
    assert not any(token in refused.value.message for token in cloud.access)


@pytest.mark.parametrize("skew", [TEN_MINUTES, -TEN_MINUTES])
def test_the_end_of_a_token_counts_by_googles_clock(cloud: Google, skew: float) -> None:
    """The gateway's own token is one that Google takes here, by the clock of its issuer."""
    cloud.skew = cloud.issuer.skew = skew
    found = _obtain(cloud, _federated(cloud))
    assert found.expires_at == pytest.approx(time.time() + 3600, abs=5)


@pytest.mark.parametrize("skew", [TEN_MINUTES, -TEN_MINUTES])
def test_an_assertion_by_a_clock_that_is_wrong_is_refused_and_why(cloud: Google, skew: float) -> None:
    """What a key has signed is good for an hour: only one of the future is refused."""
    cloud.skew = skew
    if skew > 0:
        found = _obtain(cloud, _account(cloud, audience=AUDIENCE))
        assert found.expires_at == pytest.approx(time.time() + 3600, abs=5)
    with pytest.raises(ProviderError, match=r"stale|reasonable timeframe") as refused:
        _obtain(cloud, _federated(cloud) if skew > 0 else _account(cloud, audience=AUDIENCE))
    assert ("behind" if skew > 0 else "ahead of") in refused.value.hint


@pytest.mark.parametrize("skew", [TEN_MINUTES, 86_400.0 * 365])
def test_an_id_token_never_seems_to_live_longer_than_it_did_when_it_was_new(cloud: Google, skew: float) -> None:
    """By a clock that is behind, and an answer that tells no time, or one that cannot be."""
    cloud.skew = skew
    token = cloud.id_token(AUDIENCE)
    cloud.second = lambda: answer(200, {"token": token}, *([dated(skew)] if skew > 86_400 else []))
    cloud.skew = 0.0
    assert _obtain(cloud, _federated(cloud)).expires_at == pytest.approx(time.time() + 3600, abs=5)


def test_an_account_whose_key_is_taken_away_while_it_runs(cloud: Google) -> None:
    credential = _account(cloud, scopes=("a",))
    assert _obtain(cloud, credential).value.reveal() in cloud.access
    cloud.key_revoked = True
    with pytest.raises(ProviderError, match="Invalid JWT Signature") as refused:
        _obtain(cloud, credential)
    assert refused.value.final


@pytest.mark.parametrize(
    ("account", "words"),
    [
        ("not json", "is not JSON"),
        ("[]", "lacks one of"),
        (json.dumps({"type": "authorized_user", "client_email": "a", "private_key": "b"}), "no key of a service"),
        (json.dumps({"type": "service_account", "client_email": "a", "private_key": "canary"}), "that is none"),
    ],
)
def test_what_is_wrong_with_a_key_file_is_said(cloud: Google, account: str, words: str) -> None:
    with pytest.raises(ProviderError, match=words) as refused:
        _obtain(cloud, _account(cloud, audience=AUDIENCE), account=account)
    assert refused.value.final
    assert "canary" not in refused.value.message + refused.value.hint


def test_line_breaks_that_a_shell_has_escaped_are_mended(cloud: Google) -> None:
    found = json.loads(cloud.account())
    escaped = json.dumps({**found, "private_key": found["private_key"].replace("\n", "\\n")})
    assert _is_id_token(_obtain(cloud, _account(cloud, audience=AUDIENCE), account=escaped))


def test_the_address_inside_a_key_file_is_never_asked(cloud: Google, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever could change it would be sent an assertion that Google takes."""
    monkeypatch.setattr("wicketgate.broker.google_library.TOKEN_ENDPOINT", f"{cloud.url}/token")
    assert "attacker.example.com" in cloud.account()
    assert _is_id_token(_obtain(cloud, ServiceAccountToken(account=variable("ACCOUNT"), audience=AUDIENCE)))
