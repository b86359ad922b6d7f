"""msal against the login service as Microsoft documents it."""

from __future__ import annotations

import asyncio
import datetime
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import parse_qsl

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.providers.entra_server import CLIENT, SCOPE, SECRET, TENANT, Entra, entra
from tests.providers.google_server import answer
from tests.providers.surroundings import surroundings, variable
from tests.support.origin import RecordingOrigin, Seen
from wicketgate.broker.registry import open_source
from wicketgate.broker.source import Obtained, ProviderError, ShownPair
from wicketgate.ir.credentials.azure import (
    AppCertificate,
    AppSecret,
    EntraFederatedToken,
    EntraToken,
    ManagedIdentityToken,
    TokenFile,
)
from wicketgate.ir.credentials.base import Credential, CredentialUse
from wicketgate.ir.secrets import TextSecret
from wicketgate.secret_value import SecretValue

BY_SECRET = AppSecret(variable("SECRET"))


@pytest.fixture
def login(tmp_path: Path) -> Iterator[Entra]:
    with entra(tmp_path / "entra") as found:
        yield found


def _obtain(
    login: Entra, credential: Credential, *, secret: str = SECRET, pairs: dict[str, ShownPair] | None = None
) -> Obtained:
    async def ask() -> Obtained:
        given = surroundings(
            texts={"SECRET": secret, "SCOPE": SCOPE}, issuer=login.issuer, pairs=pairs, roots=login.roots
        )
        return await open_source(CredentialUse(credential, "orders.example.com"), surroundings=given)()

    return asyncio.run(ask())


def _application(
    login: Entra,
    proof: AppSecret | AppCertificate | TokenFile = BY_SECRET,
    *,
    tenant: str = TENANT,
    client: str = CLIENT,
    scope: str = SCOPE,
) -> EntraToken:
    return EntraToken(
        authority=login.url,
        tenant=TextSecret((tenant,)),
        client_id=TextSecret((client,)),
        scope=TextSecret((scope,) if scope else ()),
        proof=proof,
    )


def _federated(login: Entra) -> EntraFederatedToken:
    return EntraFederatedToken(
        authority=login.url,
        tenant=TextSecret((TENANT,)),
        client_id=TextSecret((CLIENT,)),
        scope=TextSecret((SCOPE,)),
        audience="api://AzureADTokenExchange",
    )


def _is_token(login: Entra, found: Obtained) -> bool:
    return found.value.reveal() == login.issued[-1] and abs(found.expires_at - time.time() - 3599) < 5


@pytest.mark.parametrize("scope", [SCOPE, ""])
def test_an_application_by_its_secret(login: Entra, scope: str) -> None:
    assert _is_token(login, _obtain(login, _application(login, scope=scope)))


def test_an_application_by_its_certificate(login: Entra) -> None:
    pair, login.certificate = _rsa_pair()
    found = _obtain(login, _application(login, AppCertificate("app")), pairs={"app": pair})
    assert _is_token(login, found)


def test_an_application_by_a_token_of_its_platform(login: Entra, tmp_path: Path) -> None:
    file = tmp_path / "token"
    ours = login.issuer.sign(audience=login.trusts, subject="orders.example.com", life=300, claims={})
    file.write_text(f"{ours.value.reveal()}\n")
    assert _is_token(login, _obtain(login, _application(login, TokenFile(str(file)))))
    file.write_text("")
    with pytest.raises(ProviderError, match="is empty"):
        _obtain(login, _application(login, TokenFile(str(file))))


def test_an_application_by_the_gateways_own_token(login: Entra) -> None:
    assert _is_token(login, _obtain(login, _federated(login)))


def _wrong_audience(login: Entra) -> None:
    login.trusts = "api://elsewhere"


def _late(login: Entra) -> None:
    login.issuer.skew = -900


@pytest.mark.parametrize(("change", "code"), [(_wrong_audience, "AADSTS700212"), (_late, "AADSTS700024")])
def test_a_trust_that_does_not_fit_is_told_by_its_code(
    login: Entra, change: Callable[[Entra], None], code: str
) -> None:
    change(login)
    with pytest.raises(ProviderError, match=code) as refused:
        _obtain(login, _federated(login))
    assert refused.value.final


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"client": "55555555-aaaa-bbbb-cccc-666666666666"}, "AADSTS700016"),
        ({"scope": "orders"}, "AADSTS1002012"),
        ({"tenant": "99999999-aaaa-bbbb-cccc-000000000000"}, "AADSTS90002"),
    ],
)
def test_what_is_wrong_is_told(login: Entra, fields: dict[str, str], words: str) -> None:
    with pytest.raises(ProviderError, match=words):
        _obtain(login, _application(login, **fields))  # type: ignore[arg-type]


def test_a_wrong_secret_is_told_and_never_shown(login: Entra) -> None:
    with pytest.raises(ProviderError, match="AADSTS7000215") as refused:
        _obtain(login, _application(login), secret="canary-of-a-wrong-secret")
    assert "canary" not in refused.value.message + refused.value.hint
    assert "Trace ID" not in refused.value.message


@pytest.mark.parametrize(
    ("trouble", "words", "wait"),
    [
        (lambda: answer(500, {"error": "server_error"}), "server_error", None),
        (lambda: answer(429, {"error": "throttled"}, "retry-after: 9"), "throttled", 9.0),
        (lambda: answer(503, b"<html>"), "status 503", None),
        (lambda: answer(200, b"{not json"), None, None),
        (lambda: answer(200, {"token_type": "Bearer", "access_token": "", "expires_in": 3599}), None, None),
        (lambda: answer(200, {"token_type": "mac", "access_token": "t", "expires_in": 3599}), None, None),
    ],
)
def test_whatever_goes_wrong_is_an_error_without_a_secret(
    login: Entra, trouble: Callable[[], bytes], words: str | None, wait: float | None
) -> None:
    login.trouble = trouble
    with pytest.raises(ProviderError, match=words) as refused:
        _obtain(login, _application(login))
    assert refused.value.retry_after == wait
    assert SECRET not in refused.value.message + refused.value.hint


def test_a_login_service_that_repeats_a_secret_is_not_quoted_with_it(login: Entra) -> None:
    login.trouble = lambda: answer(401, {"error": "invalid_client", "error_description": f"not {SECRET} again"})
    with pytest.raises(ProviderError, match=r"invalid_client: not .* again") as refused:
        _obtain(login, _application(login))
    assert SECRET not in refused.value.message


def test_a_clock_that_is_wrong_is_told(login: Entra) -> None:
    told = {"error": "invalid_client", "error_description": "AADSTS700024: not within its valid time range."}
    login.trouble = lambda: answer(401, told, "date: Mon, 01 Jan 2024 00:00:00 GMT")
    with pytest.raises(ProviderError, match="AADSTS700024") as refused:
        _obtain(login, _application(login))
    assert "ahead of the provider's" in refused.value.hint


def test_an_untrusted_login_service_gets_no_secret(login: Entra, tmp_path: Path) -> None:
    with entra(tmp_path / "other") as stranger, pytest.raises(ProviderError, match="cannot reach"):
        _obtain(login, _application(stranger))
    assert stranger.server.seen == []


def test_the_machines_own_identity(login: Entra, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in App Service: the platform says in the environment where to ask, and with which header."""
    ends = int(time.time()) + 3600
    found = {
        "access_token": "of-the-machine",
        "expires_on": str(ends),
        "resource": "api://orders",
        "token_type": "Bearer",
    }
    with RecordingOrigin(reply=lambda seen: answer(200, found)) as platform:
        monkeypatch.setenv("IDENTITY_ENDPOINT", f"{platform.url}/msi/token")
        monkeypatch.setenv("IDENTITY_HEADER", "of-this-machine")
        obtained = _obtain(login, ManagedIdentityToken(scope=variable("SCOPE"), client_id=TextSecret(())))
        assert obtained.value.reveal() == "of-the-machine"
        assert obtained.expires_at == pytest.approx(ends, abs=5)
        assert platform.last.one("x-identity-header") == "of-this-machine"
        assert "resource=api%3A%2F%2Forders" in platform.last.target


def test_the_identity_of_a_virtual_machine(login: Entra, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its metadata service, for an identity that a user assigned."""

    def metadata(seen: Seen) -> bytes:
        target, _, query = seen.target.partition("?")
        asked = dict(parse_qsl(query))
        if target != "/metadata/identity/oauth2/token" or seen.all("metadata") != ["true"]:
            return answer(400, {"error": "bad_request_102", "error_description": "Required metadata header missing"})
        if asked.get("client_id") != CLIENT:
            return answer(400, {"error": "invalid_request", "error_description": "Identity not found"})
        return answer(200, {"access_token": asked["resource"], "expires_in": "3600", "token_type": "Bearer"})

    with RecordingOrigin(reply=metadata) as machine:
        monkeypatch.setenv("AZURE_POD_IDENTITY_AUTHORITY_HOST", machine.url)
        found = _obtain(login, ManagedIdentityToken(scope=variable("SCOPE"), client_id=TextSecret((CLIENT,))))
        assert found.value.reveal() == SCOPE.removesuffix("/.default")
        with pytest.raises(ProviderError, match="Identity not found"):
            _obtain(login, ManagedIdentityToken(scope=variable("SCOPE"), client_id=TextSecret(("other",))))


@pytest.mark.parametrize("platform", [{}, {"IDENTITY_ENDPOINT": "http://127.0.0.1:9/msi", "IDENTITY_HEADER": "ours"}])
def test_the_metadata_service_may_be_named(
    login: Entra, monkeypatch: pytest.MonkeyPatch, platform: dict[str, str]
) -> None:
    for name, value in platform.items():
        monkeypatch.setenv(name, value)
    ends = int(time.time()) + 3600
    found = {"access_token": "of-the-machine", "expires_in": "3600", "expires_on": str(ends), "token_type": "Bearer"}
    with RecordingOrigin(reply=lambda seen: answer(200, found)) as named:
        identity = ManagedIdentityToken(
            scope=variable("SCOPE"), client_id=TextSecret(()), endpoint=f"{named.url}/behind/"
        )
        assert _obtain(login, identity).value.reveal() == "of-the-machine"
    path, _, query = named.last.target.partition("?")
    assert path == ("/behind/msi" if platform else "/behind/metadata/identity/oauth2/token")
    assert dict(parse_qsl(query))["resource"] == SCOPE.removesuffix("/.default")


def _rsa_pair() -> tuple[ShownPair, x509.Certificate]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "app")])
    now = datetime.datetime.now(datetime.UTC)
    day = datetime.timedelta(days=1)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - day)
        .not_valid_after(now + day)
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    chain = certificate.public_bytes(serialization.Encoding.PEM).decode()
    return ShownPair(chain, SecretValue(pem.decode())), certificate
