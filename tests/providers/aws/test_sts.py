"""botocore asks moto's STS, which verifies signatures and IAM policies; and an STS that refuses in AWS's own words."""

from __future__ import annotations

import asyncio
import base64
import json
import logging
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import jwt
import pytest

from tests.providers.aws.account import KEYS, Account
from tests.providers.aws.sts_server import CREDENTIALS, ROLE, Sts, answer, given, refused
from tests.providers.surroundings import Issuer, surroundings, variable
from tests.providers.their_clock import TEN_MINUTES
from tests.providers.unwell import gone, silent
from tests.support.origin import RecordingOrigin, Seen
from wicketgate.broker import sts
from wicketgate.broker.clock_drift import CLOCKS
from wicketgate.broker.registry import open_source
from wicketgate.broker.source import Obtained, ProviderError
from wicketgate.ir.credentials.aws import AssumedRole, KeyPair, RoleByGatewayToken, RoleByKeyPair
from wicketgate.ir.credentials.base import Credential, CredentialUse

OURS = KeyPair(access_key_id=variable("ID"), secret_access_key=variable("KEY"))


def obtain(credential: Credential, texts: dict[str, str], *, issuer: Issuer | None = None) -> Obtained:
    given = surroundings(texts=texts, issuer=issuer)
    return asyncio.run(_awaited(CredentialUse(credential, "orders.example.com"), given))


async def _awaited(use: CredentialUse, given: Any) -> Obtained:
    return await open_source(use, surroundings=given)()


def role(url: str, **fields: Any) -> AssumedRole:
    return AssumedRole(arn=ROLE, session_name="wicketgate", region="eu-west-1", endpoint=url, **fields)


def by_keys(url: str, *, external_id: str = "tenant-7", **fields: Any) -> RoleByKeyPair:
    return RoleByKeyPair(keys=OURS, role=role(url, **fields), external_id=external_id)


@pytest.fixture
def server() -> Iterator[RecordingOrigin]:
    with RecordingOrigin() as running:
        yield running


def test_a_role_by_a_signed_request(account: Account) -> None:
    with account.checking():
        found = obtain(by_keys(account.url, life=900), account.keys)
    keys = json.loads(found.value.reveal())
    assert set(keys) == {"AccessKeyId", "SecretAccessKey", "SessionToken"}
    assert found.expires_at == pytest.approx(time.time() + 900, abs=10)
    who = Account(account.url, {"ID": keys["AccessKeyId"], "KEY": keys["SecretAccessKey"]}).client("sts")
    assert who.get_caller_identity()["Arn"].endswith("assumed-role/wicketgate/wicketgate")


@pytest.mark.parametrize(
    ("changed", "external_id", "words"),
    [
        ({"KEY": "wrong"}, "tenant-7", "SignatureDoesNotMatch"),
        ({"ID": "AKIANOBODY"}, "tenant-7", "InvalidClientTokenId"),
        ({}, "tenant-8", "AccessDenied"),
    ],
)
def test_whom_sts_does_not_trust_it_says_so(
    account: Account, changed: dict[str, str], external_id: str, words: str
) -> None:
    with account.checking(), pytest.raises(ProviderError, match=words) as refused:
        obtain(by_keys(account.url, external_id=external_id), {**account.keys, **changed})
    assert refused.value.final
    assert account.keys["KEY"] not in str(refused.value)


def test_a_role_by_the_gateways_own_token(account: Account) -> None:
    found = obtain(RoleByGatewayToken(role=role(account.url)), {})
    assert set(json.loads(found.value.reveal())) == {"AccessKeyId", "SecretAccessKey", "SessionToken"}
    assert found.expires_at == pytest.approx(time.time() + 3600, abs=10)


def test_the_key_pair_itself_asks_nobody() -> None:
    pair = KeyPair(access_key_id=variable("ID"), secret_access_key=variable("KEY"), session_token=variable("TOKEN"))
    found = obtain(pair, {**KEYS, "TOKEN": "short-lived"})
    assert json.loads(found.value.reveal()) == {
        "AccessKeyId": KEYS["ID"],
        "SecretAccessKey": KEYS["KEY"],
        "SessionToken": "short-lived",
    }
    assert KEYS["KEY"] not in repr(found)


WHOLE = KeyPair(access_key_id=variable("ID"), secret_access_key=variable("KEY"), session_token=variable("TOKEN"))


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("KEY", "k" * 4000, "longer than 3900 bytes"),
        ("KEY", "canary\nlines", "SecretAccessKey cannot be a key"),
        ("KEY", "canary-schlüssel", "SecretAccessKey cannot be a key"),
        ("KEY", " ", "SecretAccessKey cannot be a key"),
        ("KEY", "", "SecretAccessKey cannot be a key"),
        ("KEY", " canary", "spaces at its ends"),
        ("KEY", "canary ", "spaces at its ends"),
        ("TOKEN", "canary\nx: y", "SessionToken cannot be a key"),
        ("TOKEN", "canary\n", "SessionToken cannot be a key"),
        ("TOKEN", "canary\ud800", "SessionToken cannot be a key"),
        ("ID", "canary/1", "AccessKeyId holds"),
        ("ID", "canary,1", "AccessKeyId holds"),
        ("ID", "canary 1", "AccessKeyId holds"),
    ],
)
@pytest.mark.parametrize("kind", ["pair", "role"])
def test_keys_that_cannot_sign_are_refused_and_never_shown(
    server: RecordingOrigin, caplog: pytest.LogCaptureFixture, kind: str, name: str, text: str, words: str
) -> None:
    """Neither sent to STS, whose library would quote them."""
    caplog.set_level(logging.DEBUG)
    credential = WHOLE if kind == "pair" else RoleByKeyPair(keys=WHOLE, role=role(server.url))
    with pytest.raises(ProviderError, match=words) as found:
        obtain(credential, {**KEYS, "TOKEN": "token", name: text})
    assert found.value.final
    assert "canary" not in str(found.value) + found.value.hint + caplog.text
    assert server.seen == []


def _form(seen: Seen) -> dict[str, str]:
    return {name: value for name, (value,) in parse_qs(seen.body.decode()).items()}


def test_what_is_asked_with_the_gateways_token(server: RecordingOrigin) -> None:
    server.reply = lambda _: given("AssumeRoleWithWebIdentity")
    issuer = Issuer()
    obtain(RoleByGatewayToken(role=role(server.url, life=1800), audience="aws.example"), {}, issuer=issuer)
    form = _form(server.last)
    claims = jwt.decode(form.pop("WebIdentityToken"), options={"verify_signature": False})
    assert (claims["iss"], claims["aud"]) == (issuer.identity.url, "aws.example")
    assert claims["exp"] <= time.time() + 120
    assert form == {
        "Action": "AssumeRoleWithWebIdentity",
        "Version": "2011-06-15",
        "RoleArn": ROLE,
        "RoleSessionName": "wicketgate",
        "DurationSeconds": "1800",
    }
    assert server.last.all("authorization") == []


def test_what_is_asked_with_a_key_pair(server: RecordingOrigin) -> None:
    server.reply = lambda _: given("AssumeRole")
    obtain(by_keys(server.url), KEYS)
    assert _form(server.last)["ExternalId"] == "tenant-7"
    scope = f"Credential={KEYS['ID']}/"
    assert scope in server.last.one("authorization")
    assert "/eu-west-1/sts/aws4_request" in server.last.one("authorization")


EXPIRED = "Signature expired: 20260101T000000Z is now earlier than 20260101T001000Z (20260101T001500Z - 5 min.)"


@pytest.mark.parametrize(
    ("status", "code", "message", "final", "clock"),
    [
        (403, "SignatureDoesNotMatch", EXPIRED, True, True),
        (403, "RequestExpired", "Request has expired.", True, True),
        (400, "ExpiredTokenException", "Token expired: current date/time must be before", True, True),
        (403, "AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity", True, False),
        (400, "InvalidIdentityToken", "No OpenIDConnect provider found in your account", True, False),
        (400, "IDPCommunicationError", "retry", False, False),
        (400, "Throttling", "Rate exceeded", False, False),
        (400, "PriorRequestNotComplete", "another one is under way", False, False),
        (400, "TooManyRequestsException", "Too Many Requests", False, False),
        (429, "TooManyRequests", "Too Many Requests", False, False),
        (429, "AccessDenied", "by what stands before STS", False, False),
        (500, "InternalFailure", "An internal failure", False, False),
    ],
)
def test_a_refusal_keeps_its_words(
    server: RecordingOrigin, status: int, code: str, message: str, final: bool, clock: bool
) -> None:
    server.reply = lambda _: refused(status, code, message)
    with pytest.raises(ProviderError) as found:
        obtain(RoleByGatewayToken(role=role(server.url)), {})
    assert str(found.value) == f"{code}: {message} (status {status})"
    assert (found.value.final, "clock" in found.value.hint) == (final, clock)
    assert len(server.seen) == 1, "the broker alone tries again"


@pytest.mark.parametrize("lacking", sorted(CREDENTIALS))
def test_keys_that_are_not_whole_are_none(server: RecordingOrigin, lacking: str) -> None:
    server.reply = lambda _: given("AssumeRole", **{lacking: ""})
    with pytest.raises(ProviderError, match=lacking):
        obtain(by_keys(server.url), KEYS)


@pytest.mark.parametrize(
    ("raw", "words", "wait", "final"),
    [
        (answer(200, "not xml"), "what answered is not STS", None, False),
        (answer(200, "{not json"), "what answered is not STS", None, False),
        (answer(200, "<html>log in first</html>"), "what answered is not STS", None, False),
        (given("Another"), "what answered is not STS", None, False),
        (given("AssumeRole", Expiration="soon"), "the answer of STS cannot be used", None, False),
        (given("AssumeRole", Expiration="1e400"), "the answer of STS cannot be used", None, False),
        (answer(200, "x" * 300_000), "larger than", None, False),
        (answer(302, "", "location: http://127.0.0.1:1/"), "status 302", None, False),
        (answer(403, "<html>blocked"), "status 403", None, True),
        (answer(429, "", "retry-after: 20"), "status 429", 20.0, False),
        (answer(429, "<html>"), "status 429", None, False),
        (answer(502, "<html>"), "502: Bad Gateway", None, False),
        (answer(503, "", "retry-after: 20"), "503: Service Unavailable", 20.0, False),
        (refused(503, "ServiceUnavailable", "x", "retry-after: 20"), "ServiceUnavailable", 20.0, False),
        (refused(429, "TooManyRequestsException", "slow down", "retry-after: 20"), "slow down", 20.0, False),
    ],
)
def test_an_answer_that_gives_nothing(
    server: RecordingOrigin, raw: bytes, words: str, wait: float | None, final: bool
) -> None:
    server.reply = lambda _: raw
    with pytest.raises(ProviderError, match=words) as found:
        obtain(by_keys(server.url), KEYS)
    assert (found.value.retry_after, found.value.final) == (wait, final)
    assert "stsEndpoint" in found.value.hint or "status" not in words


@pytest.mark.parametrize("header", [True, False])
def test_an_sts_that_repeats_what_is_secret_is_not_quoted_with_it(server: RecordingOrigin, header: bool) -> None:
    """A signature that does not match is answered with all that was signed, the session token among it."""
    asked = (
        (lambda seen: seen.one("x-amz-security-token")) if header else (lambda seen: _form(seen)["WebIdentityToken"])
    )
    server.reply = lambda seen: refused(403, "SignatureDoesNotMatch", f"it should have been {asked(seen)} here")
    texts = {**KEYS, "TOKEN": "canary-of-a-session"}
    by_session = RoleByKeyPair(keys=WHOLE, role=role(server.url))
    with pytest.raises(ProviderError, match=r"should have been .* here") as found:
        obtain(by_session if header else RoleByGatewayToken(role=role(server.url)), texts)
    assert asked(server.last) not in str(found.value)


@pytest.fixture
def strict(server: RecordingOrigin) -> Sts:
    server.reply = found = Sts()
    return found


@pytest.mark.parametrize("skew", [0.0, TEN_MINUTES, -TEN_MINUTES])
def test_the_keys_of_a_role_live_by_the_clock_of_sts(server: RecordingOrigin, strict: Sts, skew: float) -> None:
    """The gateway's token, by its own clock here, is one that STS takes; the end is by that of STS."""
    strict.skew = strict.issuer.skew = skew
    found = obtain(RoleByGatewayToken(role=role(server.url, life=1800)), {}, issuer=strict.issuer)
    assert found.expires_at == pytest.approx(time.time() + 1800, abs=5)


def test_keys_never_seem_to_live_longer_than_was_asked_for(server: RecordingOrigin) -> None:
    """By a clock that is behind, and an answer that tells no time."""
    server.reply = lambda _: given("AssumeRole")
    assert obtain(by_keys(server.url, life=900), KEYS).expires_at == pytest.approx(time.time() + 900, abs=5)


@pytest.mark.parametrize("skew", [TEN_MINUTES, -TEN_MINUTES])
@pytest.mark.parametrize("kind", ["keys", "token"])
def test_a_clock_that_is_wrong_is_told(server: RecordingOrigin, strict: Sts, skew: float, kind: str) -> None:
    strict.skew = skew
    credential = by_keys(server.url) if kind == "keys" else RoleByGatewayToken(role=role(server.url))
    words = "Signature (expired|not yet current)" if kind == "keys" else "Token expired"
    with pytest.raises(ProviderError, match=words) as found:
        obtain(credential, KEYS, issuer=strict.issuer)
    assert ("behind" if skew > 0 else "ahead of") in found.value.hint
    assert CLOCKS.seconds["127.0.0.1"] == pytest.approx(-skew, abs=5)


def _wrong_audience(sts: Sts) -> None:
    sts.audiences = ("elsewhere",)


def _no_trust(sts: Sts) -> None:
    sts.subject = "wicket:berlin:elsewhere.example.com"


def _no_provider(sts: Sts) -> None:
    sts.known = False


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (_wrong_audience, "InvalidIdentityToken: Incorrect token audience"),
        (_no_trust, "AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity"),
        (_no_provider, "InvalidIdentityToken: No OpenIDConnect provider found"),
    ],
)
def test_a_trust_that_does_not_fit_is_told(
    server: RecordingOrigin, strict: Sts, change: Callable[[Sts], None], words: str
) -> None:
    credential = RoleByGatewayToken(role=role(server.url))
    obtain(credential, {}, issuer=strict.issuer)
    change(strict)
    with pytest.raises(ProviderError, match=words) as found:
        obtain(credential, {}, issuer=strict.issuer)
    assert found.value.final


def test_a_key_that_is_taken_back_is_told(server: RecordingOrigin, strict: Sts) -> None:
    obtain(by_keys(server.url), KEYS)
    strict.revoked.add(KEYS["ID"])
    with pytest.raises(ProviderError, match="InvalidClientTokenId") as found:
        obtain(by_keys(server.url), KEYS)
    assert found.value.final


def test_an_sts_that_never_answers_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    with silent(monkeypatch) as authority, pytest.raises(ProviderError, match="no answer from") as found:
        obtain(by_keys(f"http://{authority}"), KEYS)
    assert not found.value.final


def test_nothing_from_outside_counts(server: RecordingOrigin, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    server.reply = lambda _: given("AssumeRole")
    _surround(monkeypatch, tmp_path)
    obtain(by_keys(server.url), KEYS)
    assert KEYS["ID"] in server.last.one("authorization")
    assert server.last.all("x-amz-security-token") == []
    server.reply = lambda _: given("AssumeRoleWithWebIdentity")
    obtain(RoleByGatewayToken(role=role(server.url)), {})
    assert server.last.all("authorization") == []


def test_an_sts_that_is_not_there() -> None:
    with pytest.raises(ProviderError, match="cannot reach"):
        obtain(by_keys(f"http://{gone()}"), KEYS)


@pytest.mark.parametrize(
    ("region", "url"),
    [
        ("eu-west-1", "https://sts.eu-west-1.amazonaws.com"),
        ("cn-north-1", "https://sts.cn-north-1.amazonaws.com.cn"),
        ("us-gov-west-1", "https://sts.us-gov-west-1.amazonaws.com"),
    ],
)
def test_sts_is_the_one_of_the_region(region: str, url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    _surround(monkeypatch, tmp_path)
    wanted = AssumedRole(arn=ROLE, session_name="wicketgate", region=region)
    assert sts._client(wanted, None, lambda **_: None).meta.endpoint_url == url


def _surround(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    """Set all of what botocore would read by itself, to what would break or betray the request."""
    elsewhere = "http://127.0.0.1:9"
    profile = f"[default]\naws_access_key_id=THEIRS\naws_secret_access_key=x\nendpoint_url={elsewhere}\nregion=eu-x-1\n"
    (home / ".aws/models/sts/2011-06-15").mkdir(parents=True)
    (home / ".aws/models/sts/2011-06-15/service-2.json").write_text("{}")
    for name in ("config", "credentials"):
        (home / ".aws" / name).write_text(profile)
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_STS", "HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.setenv(name, elsewhere)
    theirs = {
        "HOME": str(home),
        "AWS_ACCESS_KEY_ID": "THEIRS",
        "AWS_SECRET_ACCESS_KEY": "theirs",
        "AWS_SESSION_TOKEN": base64.b64encode(b"theirs").decode(),
        "AWS_PROFILE": "theirs",
        "AWS_CONFIG_FILE": str(home / ".aws/config"),
        "AWS_CA_BUNDLE": "/nowhere.pem",
        "AWS_USE_FIPS_ENDPOINT": "true",
        "AWS_MAX_ATTEMPTS": "5",
    }
    for name, value in theirs.items():
        monkeypatch.setenv(name, value)
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    sts._session.cache_clear()
