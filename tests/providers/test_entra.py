"""msal against the login service as Microsoft documents it."""

from __future__ import annotations

import asyncio
import dataclasses
import datetime
import logging
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
from tests.providers.their_clock import TEN_MINUTES, dated
from tests.providers.unwell import gone, silent
from tests.support.origin import RecordingOrigin, Seen
from wicketgate.broker.registry import open_source
from wicketgate.broker.source import SHORT, Obtained, ProviderError, ShownPair
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


def _early(login: Entra) -> None:
    login.issuer.skew = TEN_MINUTES


def _distrust(login: Entra) -> None:
    login.subject = "wicket:berlin:elsewhere.example.com"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (_wrong_audience, "AADSTS700212"),
        (_late, "AADSTS700024"),
        (_early, "AADSTS700024"),
        (_distrust, "AADSTS700213"),
    ],
)
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


def test_a_secret_that_expires_while_it_runs_is_told_by_its_code(login: Entra) -> None:
    _obtain(login, _application(login))
    login.secret_expired = True
    with pytest.raises(ProviderError, match="AADSTS7000222") as refused:
        _obtain(login, _application(login))
    assert refused.value.final


def test_a_certificate_that_is_taken_away_while_it_runs(login: Entra) -> None:
    pair, login.certificate = _rsa_pair()
    credential = _application(login, AppCertificate("app"))
    _obtain(login, credential, pairs={"app": pair})
    login.certificate = None
    with pytest.raises(ProviderError, match="AADSTS700027") as refused:
        _obtain(login, credential, pairs={"app": pair})
    assert refused.value.final


GONE = {"error": "temporarily_unavailable", "error_description": "AADSTS90033: A transient error has occurred."}


@pytest.mark.parametrize("place", ["trouble", "lost"])
@pytest.mark.parametrize(
    ("trouble", "words", "wait", "final"),
    [
        (lambda: answer(500, {"error": "server_error"}), "server_error", None, False),
        (lambda: answer(429, {"error": "throttled"}, "retry-after: 9"), "throttled", 9.0, False),
        (lambda: answer(400, GONE, "retry-after: 3"), "AADSTS90033", 3.0, False),
        (lambda: answer(401, b"<html>", "www-authenticate: Basic"), "status 401", None, True),
        (lambda: answer(403, b""), "status 403", None, True),
        (lambda: answer(503, b"<html>"), "status 503", None, False),
        (lambda: answer(200, b"{not json"), "not a JSON object", None, False),
        (lambda: answer(200, b"[]"), "not a JSON object", None, False),
    ],
)
def test_whatever_goes_wrong_is_an_error_without_a_secret(
    login: Entra, trouble: Callable[[], bytes], words: str, wait: float | None, final: bool, place: str
) -> None:
    """At the token endpoint, and where msal finds out where that is."""
    setattr(login, place, trouble)
    with pytest.raises(ProviderError, match=words) as refused:
        _obtain(login, _application(login))
    assert (refused.value.retry_after, refused.value.final) == (wait, final)
    assert SECRET not in refused.value.message + refused.value.hint


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"access_token": ""}, "no `access_token`"),
        ({"access_token": "canary\r\nx: y"}, "no `access_token`"),
        ({"token_type": "mac"}, "another kind"),
        ({"expires_in": "soon"}, "`expires_in` is not a number"),
        ({"expires_in": -1}, "not the life"),
    ],
)
def test_a_token_that_cannot_be_used_is_told(login: Entra, changed: dict[str, object], words: str) -> None:
    found = {"token_type": "Bearer", "access_token": "canary", "expires_in": 3599, **changed}
    login.trouble = lambda: answer(200, found)
    with pytest.raises(ProviderError, match=words) as refused:
        _obtain(login, _application(login))
    assert "canary" not in refused.value.message + refused.value.hint


def test_a_discovery_document_without_a_token_endpoint_is_told(login: Entra) -> None:
    login.lost = lambda: answer(200, {"issuer": login.url})
    with pytest.raises(ProviderError, match="Entra could not be asked: KeyError") as refused:
        _obtain(login, _application(login))
    assert "authority" in refused.value.hint


def test_a_token_without_an_end_lives_short(login: Entra) -> None:
    login.trouble = lambda: answer(200, {"token_type": "Bearer", "access_token": "t"})
    assert _obtain(login, _application(login)).expires_at == pytest.approx(time.time() + SHORT, abs=5)


@pytest.mark.parametrize("status", [200, 400, 401])
def test_an_answer_that_is_cut_off_is_nowhere_in_the_log(
    login: Entra, caplog: pytest.LogCaptureFixture, status: int
) -> None:
    """msal writes what is no JSON into the log, whole."""
    caplog.set_level(logging.DEBUG)
    cut = f'{{"token_type":"Bearer","access_token":"canary-of-a-token","repeated":"{SECRET}'
    login.trouble = lambda: answer(status, cut.encode())
    with pytest.raises(ProviderError):
        _obtain(login, _application(login))
    assert "canary" not in caplog.text


def test_nobody_there_is_told(login: Entra) -> None:
    away = dataclasses.replace(_application(login), authority=f"https://{gone()}")
    with pytest.raises(ProviderError, match="cannot reach") as refused:
        _obtain(login, away)
    assert not refused.value.final
    assert "the authority" in refused.value.hint


def test_a_login_service_that_never_answers_is_left(login: Entra, monkeypatch: pytest.MonkeyPatch) -> None:
    with silent(monkeypatch) as authority, pytest.raises(ProviderError, match="no answer from"):
        _obtain(login, dataclasses.replace(_application(login), authority=f"https://{authority}"))


@pytest.mark.parametrize("skew", [TEN_MINUTES, -TEN_MINUTES])
def test_a_clock_that_is_wrong_changes_no_life(login: Entra, skew: float) -> None:
    login.skew = skew
    assert _is_token(login, _obtain(login, _application(login)))


@pytest.mark.parametrize("skew", [TEN_MINUTES, -TEN_MINUTES])
def test_an_assertion_by_a_clock_that_is_wrong_is_refused_and_why(login: Entra, skew: float) -> None:
    login.skew = skew
    with pytest.raises(ProviderError, match="AADSTS700024") as refused:
        _obtain(login, _federated(login))
    assert ("behind" if skew > 0 else "ahead of") in refused.value.hint


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


@pytest.fixture
def managed(monkeypatch: pytest.MonkeyPatch) -> Iterator[RecordingOrigin]:
    """What App Service names in the environment; each test says what it answers."""
    with RecordingOrigin() as platform:
        monkeypatch.setenv("IDENTITY_ENDPOINT", f"{platform.url}/msi/token")
        monkeypatch.setenv("IDENTITY_HEADER", "canary-of-the-header")
        yield platform


IDENTITY = ManagedIdentityToken(scope=variable("SCOPE"), client_id=TextSecret(()))


@pytest.mark.parametrize(
    ("raw", "words", "wait", "final"),
    [
        (answer(429, {"message": "too many"}, "retry-after: 6"), "too many", 6.0, False),
        (answer(500, {"statusCode": 500, "message": "no such resource"}), "no such resource", None, False),
        (answer(404, b""), "status 404", None, True),
        (answer(401, {"message": "not canary-of-the-header"}), "not ", None, True),
        (answer(200, b'{"access_token": "canary'), "not a JSON object", None, False),
        (answer(200, {"expires_on": "1"}), "no `access_token`", None, False),
        (answer(200, {"access_token": "canary", "expires_on": "soon"}), "`expires_on` is not a number", None, False),
        (answer(200, {"access_token": "canary", "expires_on": "1"}), "not the life", None, False),
    ],
)
def test_a_platform_that_gives_nothing_is_told(
    login: Entra,
    managed: RecordingOrigin,
    raw: bytes,
    words: str,
    wait: float | None,
    final: bool,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    managed.reply = lambda _: raw
    with pytest.raises(ProviderError, match=words) as refused:
        _obtain(login, IDENTITY)
    assert (refused.value.retry_after, refused.value.final) == (wait, final)
    assert "canary" not in caplog.text + refused.value.message + refused.value.hint


@pytest.mark.parametrize("named", [True, False])
def test_a_platform_that_is_not_there(login: Entra, monkeypatch: pytest.MonkeyPatch, named: bool) -> None:
    url = f"http://{gone()}"
    monkeypatch.setenv("AZURE_POD_IDENTITY_AUTHORITY_HOST", url)
    with pytest.raises(ProviderError, match="cannot reach") as refused:
        _obtain(login, dataclasses.replace(IDENTITY, endpoint=url if named else ""))
    assert (refused.value.final, "in Azure" in refused.value.hint) == (False, True)


def test_a_platform_that_never_answers_is_left(login: Entra, monkeypatch: pytest.MonkeyPatch) -> None:
    with silent(monkeypatch) as authority, pytest.raises(ProviderError, match="no answer from") as refused:
        _obtain(login, dataclasses.replace(IDENTITY, endpoint=f"http://{authority}"))
    assert (refused.value.final, "in Azure" in refused.value.hint) == (False, True)


def test_a_token_of_the_machine_without_an_end_lives_short(login: Entra, managed: RecordingOrigin) -> None:
    managed.reply = lambda _: answer(200, {"access_token": "t", "token_type": "Bearer"})
    assert _obtain(login, IDENTITY).expires_at == pytest.approx(time.time() + SHORT, abs=5)


@pytest.mark.parametrize("skew", [TEN_MINUTES, 0, -TEN_MINUTES])
@pytest.mark.parametrize("left", [3600, 1200])
def test_the_end_of_a_token_of_the_machine_counts_by_the_platforms_clock(
    login: Entra, managed: RecordingOrigin, skew: float, left: float
) -> None:
    """It says the life that the token had when it was new, too, and keeps tokens for a while."""
    ends = str(int(time.time() + skew + left))
    found = {"access_token": "t", "token_type": "Bearer", "expires_on": ends, "expires_in": "3600"}
    managed.reply = lambda _: answer(200, found, dated(skew))
    assert _obtain(login, IDENTITY).expires_at == pytest.approx(time.time() + left, abs=5)


@pytest.mark.parametrize(
    ("variables", "private"),
    [
        ({"AZURE_POD_IDENTITY_AUTHORITY_HOST": "http://{host}"}, "10.0.0.5"),
        ({"IDENTITY_ENDPOINT": "http://{host}/msi", "IDENTITY_HEADER": "canary"}, "192.0.2.5"),
        ({"MSI_ENDPOINT": "http://{host}/msi", "MSI_SECRET": "canary"}, "msi.example.com"),
        ({"IDENTITY_ENDPOINT": "http://{host}/msi", "IMDS_ENDPOINT": "x"}, "169.254.129.2.example.com"),
    ],
)
def test_no_platform_is_asked_over_a_network_in_plain_http(
    login: Entra, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], private: str
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value.format(host=private))
    with silent(monkeypatch), pytest.raises(ProviderError, match=f"plain http from {private}") as refused:
        _obtain(login, IDENTITY)
    assert refused.value.final


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
