"""The client credentials grant at providers that others wrote: oidc-provider and oauth2-mock-server."""

from __future__ import annotations

import asyncio
import dataclasses
import gzip
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from email.utils import formatdate
from pathlib import Path
from urllib.parse import quote_plus

import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.providers.google_server import answer
from tests.providers.surroundings import surroundings, variable
from tests.providers.their_clock import TEN_MINUTES, dated
from tests.providers.unwell import gone, silent
from tests.support.certificates import Authority, KeyPair
from tests.support.origin import RecordingOrigin, Seen
from wicketgate.broker import provider_http
from wicketgate.broker.registry import open_source
from wicketgate.broker.source import SHORT, Obtained, ProviderError, ShownPair
from wicketgate.ir.credentials.base import CredentialUse
from wicketgate.ir.credentials.oauth import ClientCertificate, ClientSecret, OAuthToken, PrivateKeyJwt
from wicketgate.ir.secrets import TextSecret
from wicketgate.secret_value import SecretValue

SECRET = "a secret + with: odd/characters & spaces%"
RESOURCE = "https://orders.example.com"
YEAR = 365 * 86_400
_PROGRAMS = Path(__file__).parent / "oidc"


@dataclass(frozen=True)
class Provider:
    """A running oidc-provider, and what its clients have; `changes` is the file of what is another by now."""

    port: int
    changes: Path
    roots: Path
    key: ec.EllipticCurvePrivateKey
    shown: KeyPair
    strange: KeyPair

    @property
    def url(self) -> str:
        return f"https://localhost:{self.port}/token"


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("oidc") / "programs"
    shutil.copytree(_PROGRAMS, folder, ignore=shutil.ignore_patterns("node_modules"))
    command = ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
    subprocess.run(command, cwd=folder, check=True, timeout=120, capture_output=True)
    return folder


@contextmanager
def _running(folder: Path, program: str, *arguments: str, **variables: str) -> Iterator[int]:
    command = ["node", program, *arguments]
    environment = {**os.environ, **variables}
    with subprocess.Popen(
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment
    ) as process:
        assert process.stdout is not None
        lines = iter(process.stdout.readline, "")
        try:
            yield next(int(line) for line in lines if line.strip().isdecimal())
        finally:
            process.kill()


@pytest.fixture(scope="module")
def provider(programs: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Provider]:
    folder = tmp_path_factory.mktemp("authority")
    authority, stranger = Authority.create(folder / "ours"), Authority.create(folder / "theirs", "Others")
    server, key = authority.issue("localhost"), ec.generate_private_key(ec.SECP256R1())
    listed = {"keys": [{**_jwk(key.public_key()), "kid": "k1", "use": "sig"}]}
    signing = json.dumps({**_jwk(ec.generate_private_key(ec.SECP256R1())), "kid": "p1", "use": "sig", "alg": "ES256"})
    paths, changes = (server.certificate, server.key, authority.roots), folder / "changes.json"
    changes.write_text("{}")
    arguments = (*map(str, paths), json.dumps(listed), str(changes))
    with _running(programs, "provider.mjs", *arguments, PROVIDER_KEY=signing) as port:
        name = x509.DNSName("gateway.example.com")
        shown, strange = (each.issue_client("gateway", name) for each in (authority, stranger))
        yield Provider(port, changes, authority.roots, key, shown, strange)


def _jwk(key: ec.EllipticCurvePrivateKey | ec.EllipticCurvePublicKey) -> dict[str, str]:
    found: dict[str, str] = jwt.algorithms.ECAlgorithm.to_jwk(key, as_dict=True)
    return found


def _pem(key: ec.EllipticCurvePrivateKey) -> str:
    encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    return key.private_bytes(encoding, form, serialization.NoEncryption()).decode()


def _obtain(
    credential: OAuthToken,
    *,
    roots: Path | None = None,
    texts: dict[str, str] | None = None,
    shown: KeyPair | None = None,
    project: Path | None = None,
    skew: float = 0.0,
) -> Obtained:
    """The provider's clock is `skew` seconds ahead of ours."""
    pairs = None
    if shown is not None:
        pairs = {"gateway": ShownPair(shown.certificate.read_text(), SecretValue(shown.key.read_text()))}

    async def ask() -> Obtained:
        given = surroundings(texts={"SECRET": SECRET, **(texts or {})}, pairs=pairs, roots=roots, project=project)
        given = dataclasses.replace(given, clock=lambda: time.time() - skew)
        return await open_source(CredentialUse(credential, "orders.example.com"), surroundings=given)()

    return asyncio.run(ask())


PARAMETERS = (("scope", "orders.write"), ("resource", RESOURCE))
BASIC, POST = ClientSecret(variable("SECRET")), ClientSecret(variable("SECRET"), in_form=True)
ASSERTION = PrivateKeyJwt(variable("KEY"), "ES256", "k1", "")


@pytest.mark.parametrize(
    ("client_id", "client"),
    [
        ("basic:odd id", BASIC),
        ("post", POST),
        ("assertion", ASSERTION),
        ("certificate", ClientCertificate("gateway")),
    ],
)
def test_every_way_of_saying_who_asks(
    provider: Provider, client_id: str, client: ClientSecret | PrivateKeyJwt | ClientCertificate
) -> None:
    credential = OAuthToken(
        token_url=provider.url, client_id=TextSecret((client_id,)), client=client, parameters=PARAMETERS
    )
    found = _obtain(credential, roots=provider.roots, texts={"KEY": _pem(provider.key)}, shown=provider.shown)
    claims = jwt.decode(found.value.reveal(), options={"verify_signature": False})
    assert (claims["aud"], claims["client_id"], claims["scope"]) == (RESOURCE, client_id, "orders.write")
    assert found.expires_at == pytest.approx(time.time() + 600, abs=5)


@pytest.mark.parametrize(
    ("client_id", "client", "words"),
    [
        ("basic:odd id", ClientSecret(TextSecret(("canary-wrong-secret",))), "invalid_client"),
        ("nobody", POST, "invalid_client"),
        ("assertion", PrivateKeyJwt(variable("OTHER"), "ES256", "k1", ""), "invalid_client"),
        ("certificate", ClientCertificate("strange"), "not there"),
    ],
)
def test_who_is_not_known_gets_nothing(
    provider: Provider, client_id: str, client: ClientSecret | PrivateKeyJwt | ClientCertificate, words: str
) -> None:
    other = _pem(ec.generate_private_key(ec.SECP256R1()))
    credential = OAuthToken(token_url=provider.url, client_id=TextSecret((client_id,)), client=client)
    with pytest.raises(Exception, match=words) as refused:
        _obtain(credential, roots=provider.roots, texts={"OTHER": other}, shown=provider.shown)
    assert "canary" not in str(refused.value)


OTHER_KEY = {**_jwk(ec.generate_private_key(ec.SECP256R1()).public_key()), "kid": "k1", "use": "sig"}


def _by(provider: Provider, client_id: str, client: ClientSecret | PrivateKeyJwt, *, skew: float = 0.0) -> Obtained:
    who = TextSecret((client_id,))
    credential = OAuthToken(token_url=provider.url, client_id=who, client=client, parameters=PARAMETERS)
    return _obtain(credential, roots=provider.roots, texts={"KEY": _pem(provider.key)}, skew=skew)


@pytest.mark.parametrize(
    ("client_id", "client", "change"),
    [
        ("post", POST, {"client_secret": "another"}),
        ("assertion", ASSERTION, {"jwks": {"keys": [OTHER_KEY]}}),
        ("post", POST, None),
    ],
)
def test_what_proves_the_client_is_taken_away_while_it_runs(
    provider: Provider, client_id: str, client: ClientSecret | PrivateKeyJwt, change: dict[str, object] | None
) -> None:
    """The secret or the key is revoked, or the provider trusts the client no more."""
    _by(provider, client_id, client)
    provider.changes.write_text(json.dumps({client_id: change}))
    try:
        with pytest.raises(ProviderError, match="invalid_client") as refused:
            _by(provider, client_id, client)
    finally:
        provider.changes.write_text("{}")
    assert refused.value.final


@pytest.mark.parametrize("skew", [TEN_MINUTES, -TEN_MINUTES])
def test_a_clock_that_is_wrong(provider: Provider, skew: float) -> None:
    """It makes assertions that no provider takes; the life of a token it does not change."""
    found = _by(provider, "post", POST, skew=skew)
    assert found.expires_at == pytest.approx(time.time() - skew + 600, abs=5)
    with pytest.raises(ProviderError, match="invalid_client") as refused:
        _by(provider, "assertion", ASSERTION, skew=skew)
    assert ("behind" if skew > 0 else "ahead of") in refused.value.hint


def test_a_certificate_of_another_authority_gets_nothing(provider: Provider) -> None:
    credential = OAuthToken(
        token_url=provider.url, client_id=TextSecret(("certificate",)), client=ClientCertificate("gateway")
    )
    with pytest.raises(ProviderError, match="invalid_client"):
        _obtain(credential, roots=provider.roots, shown=provider.strange)


def test_a_key_is_shown_from_memory_and_stays_in_no_directory(provider: Provider) -> None:
    """Not even for the moment: a process that is killed then would leave it there."""
    opened: list[str] = []
    recording = True
    sys.addaudithook(lambda event, found: opened.append(str(found[0])) if recording and event == "open" else None)
    descriptors = len(list(Path("/proc/self/fd").iterdir()))
    credential = OAuthToken(
        token_url=provider.url,
        client_id=TextSecret(("certificate",)),
        client=ClientCertificate("gateway"),
        parameters=PARAMETERS,
    )
    _obtain(credential, roots=provider.roots, shown=provider.shown)
    recording = False
    assert len(list(Path("/proc/self/fd").iterdir())) == descriptors
    assert [path for path in opened if "tls.key" in path or "shm" in path] == []


@pytest.mark.parametrize("audience", ["", "issuer", "https://elsewhere.example.com"])
def test_the_audience_of_an_assertion(provider: Provider, audience: str) -> None:
    """The token endpoint, or what the option says: oidc-provider takes its issuer too, and nothing else."""
    written = provider.url.removesuffix("/token") if audience == "issuer" else audience
    client = PrivateKeyJwt(variable("KEY"), "ES256", "k1", written)
    credential = OAuthToken(
        token_url=provider.url, client_id=TextSecret(("assertion",)), client=client, parameters=PARAMETERS
    )
    if "elsewhere" not in audience:
        assert _obtain(credential, roots=provider.roots, texts={"KEY": _pem(provider.key)}).value
        return
    with pytest.raises(ProviderError, match="invalid_client") as refused:
        _obtain(credential, roots=provider.roots, texts={"KEY": _pem(provider.key)})
    assert refused.value.final


def test_a_resource_that_is_none_is_told(provider: Provider) -> None:
    parameters = (("scope", "orders.write"), ("resource", "https://elsewhere.example.com"))
    credential = OAuthToken(token_url=provider.url, client_id=TextSecret(("post",)), client=POST, parameters=parameters)
    with pytest.raises(ProviderError):
        _obtain(credential, roots=provider.roots)


def test_another_provider_gives_a_token_too(programs: Path) -> None:
    with _running(programs, "mock.mjs") as port:
        url = f"http://127.0.0.1:{port}/token"
        credential = OAuthToken(
            token_url=url, client_id=TextSecret(("us",)), client=BASIC, parameters=(("scope", "orders.write"),)
        )
        found = _obtain(credential)
        claims = jwt.decode(found.value.reveal(), options={"verify_signature": False})
        assert claims["scope"] == "orders.write"
        assert found.expires_at == pytest.approx(claims["exp"], abs=5)


@contextmanager
def _answering(reply: Callable[[Seen], bytes]) -> Iterator[OAuthToken]:
    with RecordingOrigin(reply=reply) as server:
        yield OAuthToken(token_url=f"{server.url}/token", client_id=TextSecret(("us",)), client=BASIC)


@pytest.mark.parametrize(
    ("reply", "words", "wait"),
    [
        (answer(500, {"error": "server_error"}), "server_error", None),
        (answer(429, {"error": "slow_down"}, "retry-after: 7"), "slow_down", 7.0),
        (answer(503, b"<html>"), "status 503", None),
        (answer(302, b"", "location: http://127.0.0.1:1/"), "status 302", None),
        (answer(400, {"error": "invalid_scope", "error_description": "no\r\nsuch\x00scope"}), "no  such scope", None),
        (answer(200, b"{not json"), "not a JSON object", None),
        (answer(200, []), "not a JSON object", None),
        (answer(200, {"access_token": ""}), "no `access_token`", None),
        (answer(200, {"access_token": "a\nb"}), "no `access_token`", None),
        (answer(200, {"access_token": "t", "token_type": "mac"}), "another kind", None),
        (answer(200, {"access_token": "t", "expires_in": "soon"}), "not a number", None),
        (answer(200, {"access_token": "t", "expires_in": -1}), "not the life", None),
        (answer(200, b" " * 10_000_000), "larger than", None),
        (answer(200, gzip.compress(b'{"access_token": "t"}'), "content-encoding: gzip"), "not a JSON object", None),
        (answer(200, b"[" * 200_000), "not a JSON object", None),
        (answer(200, {"access_token": "t", "expires_in": 10**400}), "not a number", None),
        (answer(401, {"error": "x"}, "date: Mon, 01 Jan 2024 00:00:00 GMT"), "x", None),
    ],
)
def test_whatever_goes_wrong_is_told(reply: bytes, words: str, wait: float | None) -> None:
    with _answering(lambda seen: reply) as credential, pytest.raises(ProviderError, match=words) as refused:
        _obtain(credential)
    assert refused.value.retry_after == wait
    assert SECRET not in refused.value.message + refused.value.hint
    assert ("clock" in refused.value.hint) == (b"2024" in reply)


def test_a_token_that_does_not_say_how_long_lives_short() -> None:
    with _answering(lambda seen: answer(200, {"access_token": "t"})) as credential:
        assert _obtain(credential).expires_at == pytest.approx(time.time() + SHORT, abs=5)


@pytest.mark.parametrize("client", [BASIC, POST])
@pytest.mark.parametrize("written", [SECRET, quote_plus(SECRET)])
def test_a_provider_that_repeats_a_secret_is_not_quoted_with_it(client: ClientSecret, written: str) -> None:
    """Before the words are cut, so that no half of it is left at the end either."""
    told = {"error": "invalid_client", "error_description": f"{'so ' * 97}{written} is wrong"}
    with RecordingOrigin(reply=lambda seen: answer(401, told)) as server:
        url = f"{server.url}/token"
        with pytest.raises(ProviderError, match="invalid_client: so so") as refused:
            _obtain(OAuthToken(token_url=url, client_id=TextSecret(("us",)), client=client))
    assert SECRET[:5] not in refused.value.message.replace("+", " ")


def _at(authority: str, *, scheme: str = "http", query: str = "?api_key=canary") -> OAuthToken:
    """At a provider that wants a key in the query, too."""
    url = f"{scheme}://{authority}/token{query}"
    return OAuthToken(token_url=url, client_id=TextSecret(("us",)), client=BASIC)


def test_a_provider_that_is_not_there_is_told() -> None:
    with pytest.raises(ProviderError, match=r"cannot reach http://127\.0\.0\.1:\d+/token: ") as refused:
        _obtain(_at(gone()))
    assert not refused.value.final
    assert "canary" not in refused.value.message


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_provider_that_never_answers_is_left(monkeypatch: pytest.MonkeyPatch, scheme: str) -> None:
    with silent(monkeypatch) as authority, pytest.raises(ProviderError, match="no answer from") as refused:
        _obtain(_at(authority, scheme=scheme))
    assert not refused.value.final
    assert "canary" not in refused.value.message


def test_a_token_that_lives_for_years_is_renewed_in_one() -> None:
    with _answering(lambda _: answer(200, {"access_token": "t", "expires_in": 10 * YEAR})) as credential:
        assert _obtain(credential).expires_at == pytest.approx(time.time() + YEAR, abs=2 * 86_400)


@pytest.mark.parametrize(
    "date",
    [
        "Mon, 01 Jan 99999999999 00:00:00 GMT",
        "Mon, 01 Jan 2024 00:00:00 +999999999",
        "Mon, 01 Jan 0001 00:00:00 +2359",
        "tomorrow",
    ],
)
@pytest.mark.parametrize("field", ["retry-after", "date"])
def test_a_date_that_is_none_says_nothing(field: str, date: str) -> None:
    refusal = answer(429, {"error": "slow_down"}, f"{field}: {date}")
    with _answering(lambda _: refusal) as credential, pytest.raises(ProviderError, match="slow_down") as refused:
        _obtain(credential)
    assert (refused.value.retry_after or 0, refused.value.final) == (0, False)


def test_when_to_come_again_is_told_by_the_providers_clock() -> None:
    """The gateway's clock is ten minutes late here."""
    again = formatdate(time.time() + TEN_MINUTES + 20, usegmt=True)
    refusal = answer(503, {"error": "busy"}, f"retry-after: {again}", dated(TEN_MINUTES))
    with _answering(lambda _: refusal) as credential, pytest.raises(ProviderError, match="busy") as refused:
        _obtain(credential)
    assert refused.value.retry_after == pytest.approx(20, abs=2)


def test_authorities_are_in_a_file_of_the_project(
    provider: Provider, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever the gateway was started."""
    monkeypatch.chdir("/")
    file = tmp_path / "certs" / "ca.pem"
    file.parent.mkdir()
    credential = OAuthToken(
        token_url=provider.url, client_id=TextSecret(("post",)), client=POST, parameters=PARAMETERS, ca="certs/ca.pem"
    )
    with pytest.raises(ProviderError, match="No such file"):
        _obtain(credential, project=tmp_path)
    file.write_text("no certificate")
    with pytest.raises(ProviderError, match=r"no certificate authority in ca\.pem"):
        _obtain(credential, project=tmp_path)
    shutil.copy(provider.roots, file)
    assert _obtain(credential, project=tmp_path).value


@pytest.mark.parametrize("query", ["?api_key=canary%2Bkey", "?canary%2Bkey", "?a=b&api_key=canary%2Bkey&c=d"])
@pytest.mark.parametrize(
    "raw",
    [
        None,
        answer(401, {"error": "no_such_key", "error_description": "canary+key is none, nor is canary%2Bkey"}),
        answer(302, b"", "location: /?api_key=canary%2Bkey"),
        b"canary of no HTTP\r\n\r\n",
    ],
)
def test_a_key_in_the_url_is_never_quoted(query: str, raw: bytes | None) -> None:
    """Nor by a provider that repeats it."""
    with RecordingOrigin(reply=lambda _: raw or b"") as server, pytest.raises(ProviderError) as refused:
        _obtain(_at(gone() if raw is None else f"127.0.0.1:{server.port}", query=query))
    assert "canary" not in refused.value.message + refused.value.hint
    assert [seen.target for seen in server.seen] == ([] if raw is None else [f"/token{query}"])


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b'{"access_token": "canary"}\r\n\r\n', "cannot reach .*: illegal status line"),
        (b"HTTP/1.1 200 OK\r\ncanary\r\n\r\n", "cannot reach .*: illegal header line"),
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\ncanary\r\n", "illegal chunk header"),
    ],
)
def test_an_answer_that_is_no_http_is_not_quoted(raw: bytes, words: str) -> None:
    with _answering(lambda _: raw) as credential, pytest.raises(ProviderError, match=words) as refused:
        _obtain(credential)
    assert "canary" not in refused.value.message


def test_a_provider_that_never_ends_its_answer_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each byte comes in time; all of them never would."""
    monkeypatch.setattr(provider_http, "_SECONDS", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=_drip, args=(listener,))
        thread.start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/token"
        credential = OAuthToken(token_url=url, client_id=TextSecret(("us",)), client=BASIC)
        with pytest.raises(ProviderError, match="no answer from"):
            _obtain(credential)
        thread.join(20)


def _drip(listener: socket.socket) -> None:
    """Send a space every tenth of a second until the caller goes, or for ten seconds."""
    connection, _ = listener.accept()
    with connection, suppress(OSError):
        connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n")
        for _ in range(100):
            connection.sendall(b" ")
            time.sleep(0.1)


def test_a_key_that_is_none_is_told() -> None:
    credential = OAuthToken(
        token_url="http://127.0.0.1:1/token",
        client_id=TextSecret(("us",)),
        client=PrivateKeyJwt(TextSecret(("no key",)), "ES256"),
    )
    with pytest.raises(ProviderError, match="cannot sign ES256"):
        _obtain(credential)
