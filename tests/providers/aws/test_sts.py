"""botocore asks moto's STS, which verifies signatures and IAM policies; and an STS that refuses in AWS's own words."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import jwt
import pytest

from tests.providers.aws.account import KEYS, Account
from tests.providers.surroundings import Issuer, surroundings, variable
from tests.support.origin import RecordingOrigin, Seen
from wicketgate.broker import sts
from wicketgate.broker.registry import open_source
from wicketgate.broker.source import Obtained, ProviderError
from wicketgate.ir.credentials.aws import AssumedRole, KeyPair, RoleByGatewayToken, RoleByKeyPair
from wicketgate.ir.credentials.base import Credential, CredentialUse

ROLE = "arn:aws:iam::123456789012:role/wicketgate"
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


@pytest.mark.parametrize("key", ["k" * 4000, "two\nlines", "schlüssel", " "])
def test_keys_that_envoy_would_not_read_are_refused(key: str) -> None:
    with pytest.raises(ProviderError) as found:
        obtain(OURS, {**KEYS, "KEY": key})
    assert key not in str(found.value) or not key.strip()


CREDENTIALS = {
    "AccessKeyId": "ASIAEXAMPLE",
    "SecretAccessKey": "temporary",
    "SessionToken": "token",
    "Expiration": "2099-01-01T00:00:00Z",
}


def given(operation: str, **changed: str) -> bytes:
    """Answer as AWS does (https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html)."""
    fields = "".join(f"<{name}>{value}</{name}>" for name, value in {**CREDENTIALS, **changed}.items() if value)
    result = f"<{operation}Result><Credentials>{fields}</Credentials></{operation}Result>"
    xmlns = 'xmlns="https://sts.amazonaws.com/doc/2011-06-15/"'
    return answer(200, f"<{operation}Response {xmlns}>{result}</{operation}Response>")


def refused(status: int, code: str, message: str) -> bytes:
    """https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html"""
    error = f"<Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>"
    return answer(status, f'<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">{error}</ErrorResponse>')


def answer(status: int, body: str) -> bytes:
    return f"HTTP/1.1 {status} X\r\ncontent-type: text/xml\r\ncontent-length: {len(body)}\r\n\r\n{body}".encode()


@pytest.fixture
def server() -> Iterator[RecordingOrigin]:
    with RecordingOrigin() as running:
        yield running


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
        (500, "InternalFailure", "", False, False),
    ],
)
def test_a_refusal_keeps_its_words(
    server: RecordingOrigin, status: int, code: str, message: str, final: bool, clock: bool
) -> None:
    server.reply = lambda _: refused(status, code, message)
    with pytest.raises(ProviderError) as found:
        obtain(RoleByGatewayToken(role=role(server.url)), {})
    assert str(found.value).startswith(f"{code}: {message}")
    assert (found.value.final, "clock" in found.value.hint) == (final, clock)
    assert len(server.seen) == 1, "the broker alone tries again"


@pytest.mark.parametrize("lacking", sorted(CREDENTIALS))
def test_keys_that_are_not_whole_are_none(server: RecordingOrigin, lacking: str) -> None:
    server.reply = lambda _: given("AssumeRole", **{lacking: ""})
    with pytest.raises(ProviderError, match=lacking):
        obtain(by_keys(server.url), KEYS)


@pytest.mark.parametrize("raw", [answer(200, "not xml"), answer(502, "<html>"), given("Another")])
def test_an_answer_that_is_none(server: RecordingOrigin, raw: bytes) -> None:
    server.reply = lambda _: raw
    with pytest.raises(ProviderError):
        obtain(by_keys(server.url), KEYS)


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
    with pytest.raises(ProviderError, match="cannot ask STS"):
        obtain(by_keys("http://127.0.0.1:9"), KEYS)


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
    assert sts._client(wanted, None, Path("/roots.pem")).meta.endpoint_url == url


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
