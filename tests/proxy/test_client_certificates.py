"""Callers' certificates: who is let in, what is known of them, and what they cannot forge."""

from __future__ import annotations

import base64
import http.client
import json
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

from tests.proxy.conftest import forward
from tests.support.certificates import SERVER_AUTH, Authority, KeyPair
from tests.support.gateway import Answer, Gateway, serving
from tests.support.http2 import http2_request
from tests.support.known_certificates import KnownCertificates
from tests.support.origin import RecordingOrigin
from tests.support.project import policy, write_project
from wicketgate.certificates import Authorities
from wicketgate.envoy import access_log, client_certificate, route
from wicketgate.envoy.types import any_of

SEEN = "%DYNAMIC_METADATA(wicketgate)%"
TYPE = ("mtls-auth-inbound", "MTLSAuthInboundPolicy")
POLICIES = [
    policy("required", *TYPE),
    policy("optional", *TYPE, allowUnauthenticatedRequests=True),
    policy("by-partners", *TYPE, certIssuerDN="cn = partners"),
    policy("by-others", *TYPE, certIssuerDN="CN=Others"),
    policy("by-umlaut", *TYPE, certIssuerDN="CN=Bücher"),
]
ROUTES = ["required", "optional", "by-partners", "by-others", "by-umlaut"]
TOML = """
[[listeners]]
tls = { certificate = "tls.crt", key = "tls.key" }
[log]
access = "access.log"
[[client_authorities]]
certificate = "umlaut.pem"
"""


@dataclass(frozen=True)
class Stand:
    """A gateway, and the authorities that vouch for callers: a root, an intermediate alone, and one in a file."""

    gateway: Gateway
    origin: RecordingOrigin
    server: Authority
    partners: Authority
    issuing: Authority
    umlaut: Authority
    log: Path

    def ask(self, path: str, pair: KeyPair | None = None, *headers: str) -> Answer:
        with _connected(self, _context(self, pair)) as connection:
            return _asked(connection, path, *headers)

    def logged(self, request_id: str) -> Any:
        """What the access log says of a request; Envoy writes it a little after the answer."""
        return _until(lambda: next((line for line in self._lines() if line["requestId"] == request_id), None))

    def _lines(self) -> list[Any]:
        return [json.loads(line) for line in self.log.read_text().splitlines()] if self.log.exists() else []


@pytest.fixture(scope="module")
def stand(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    home = tmp_path_factory.mktemp("stand")
    server = Authority.create(home / "server")
    partners = Authority.create(home / "partners", "Partners")
    issuing = Authority.create(home / "root", "Root").intermediate("Issuing")
    umlaut = Authority.create(home / "umlaut", "Bücher")
    with RecordingOrigin() as origin, pytest.MonkeyPatch.context() as patch:
        patch.setitem(access_log._FIELDS, "seen", SEEN)
        routes = {f"/{name}": {"get": forward(origin.url, inbound=[name])} for name in ROUTES}
        folder = write_project(
            home / "project", {**routes, "/open": {"get": forward(origin.url)}}, policies=POLICIES, toml=TOML
        )
        _install(server.issue("localhost"), folder)
        (folder / "umlaut.pem").write_bytes(umlaut.roots.read_bytes())
        known = KnownCertificates(
            vouching={
                "partners": Authorities(partners.roots.read_text()),
                "issuing": Authorities(issuing.chain.decode()),
            }
        )
        with serving(folder, home, certificates=known) as gateway:
            yield Stand(gateway, origin, server, partners, issuing, umlaut, folder / "access.log")


def _install(pair: KeyPair, folder: Path) -> None:
    (folder / "tls.crt").write_bytes(pair.certificate.read_bytes())
    (folder / "tls.key").write_bytes(pair.key.read_bytes())


def _context(stand: Stand, pair: KeyPair | None, version: ssl.TLSVersion | None = None) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(stand.server.roots))
    if pair is not None:
        context.load_cert_chain(pair.certificate, pair.key)
    if version is not None:
        context.minimum_version = context.maximum_version = version
    return context


@contextmanager
def _connected(stand: Stand, context: ssl.SSLContext, session: ssl.SSLSession | None = None) -> Iterator[ssl.SSLSocket]:
    with (
        socket.create_connection(("127.0.0.1", stand.gateway.envoy.port), timeout=10) as plain,
        context.wrap_socket(plain, server_hostname="localhost", session=session) as connection,
    ):
        yield connection


def _asked(connection: ssl.SSLSocket, path: str, *headers: str) -> Answer:
    lines = [f"GET {path} HTTP/1.1", "host: gateway", *headers, "", ""]
    connection.sendall("\r\n".join(lines).encode())
    answer = http.client.HTTPResponse(connection)
    answer.begin()
    return Answer(answer.status, tuple(answer.getheaders()), answer.read())


def _until(check: Callable[[], Any], *, seconds: float = 15) -> Any:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := check():
            return found
        time.sleep(0.02)
    raise AssertionError(f"not within {seconds} s")


def test_a_verified_certificate_passes(stand: Stand) -> None:
    assert stand.ask("/required", stand.partners.issue_client("right")).status == 200


def test_none_is_refused(stand: Stand) -> None:
    before = len(stand.origin.seen)
    answer = stand.ask("/required")
    assert (answer.status, answer.one("content-type")) == (401, "application/problem+json")
    assert answer.json()["title"] == "Unauthorized"
    assert len(stand.origin.seen) == before


@pytest.mark.parametrize("fault", ["another authority", "self-signed", "expired", "not yet valid", "for servers"])
@pytest.mark.parametrize("path", ["/required", "/by-partners"])
def test_everything_else_is_refused(stand: Stand, tmp_path: Path, fault: str, path: str) -> None:
    match fault:
        case "another authority":
            pair = Authority.create(tmp_path / "other", "Partners").issue_client("other")
        case "self-signed":
            other = Authority.create(tmp_path / "self", "self")
            pair = other.issue_client("self")
        case "expired":
            pair = stand.partners.issue_client("expired", days=-1)
        case "not yet valid":
            pair = stand.partners.issue_client("early", starts=1)
        case _:
            pair = stand.partners.issue_client("server", usage=SERVER_AUTH)
    before = len(stand.origin.seen)
    assert stand.ask(path, pair).status == 401
    assert len(stand.origin.seen) == before
    assert stand.ask("/open", pair).status == 200
    assert stand.ask("/optional", pair).status == 200


def test_an_intermediate_alone_vouches(stand: Stand) -> None:
    assert stand.ask("/required", stand.issuing.issue_client("below")).status == 200


def test_one_in_a_file_vouches(stand: Stand) -> None:
    assert stand.ask("/by-umlaut", stand.umlaut.issue_client("named")).status == 200


@pytest.mark.parametrize(("path", "passes"), [("/required", True), ("/by-partners", True), ("/by-others", False)])
def test_the_issuer_that_a_route_demands(stand: Stand, path: str, passes: bool) -> None:
    answer = stand.ask(path, stand.partners.issue_client("of-partners"))
    assert answer.status == (200 if passes else 401)
    assert stand.ask("/by-partners", stand.issuing.issue_client("of-issuing")).status == 401
    if not passes:
        assert "another issuer" in stand.logged(answer.one("zp-rid"))["clientCertificate"]


def test_what_is_known_of_the_caller(stand: Stand) -> None:
    pair = stand.partners.issue_client("facts", common_name="billing")
    own = x509.load_pem_x509_certificate(pair.certificate.read_bytes())
    line = stand.logged(stand.ask("/required", pair).one("zp-rid"))
    assert (line["user"], line["clientCertificate"]) == ("CN=billing", None)
    assert line["seen"]["user"] == {
        "sub": "CN=billing",
        "data": {
            "mtlsAuth": {
                "subject": "CN=billing",
                "issuer": "CN=Partners",
                "notBefore": own.not_valid_before_utc.strftime("%Y-%m-%dT%H:%M:%SZ"),
                "notAfter": own.not_valid_after_utc.strftime("%Y-%m-%dT%H:%M:%SZ"),
                "sha256Fingerprint": own.fingerprint(hashes.SHA256()).hex(),
            }
        },
    }
    der = base64.b64encode(own.public_bytes(serialization.Encoding.DER)).decode()
    assert line["seen"]["clientCert"] == {"value": f":{der}:", "status": "SUCCESS"}


@pytest.mark.parametrize("shown", [False, True])
def test_nobody_is_known_who_was_not_verified(stand: Stand, tmp_path: Path, shown: bool) -> None:
    pair = Authority.create(tmp_path / "other", "Partners").issue_client("billing") if shown else None
    answer = stand.ask("/optional", pair)
    line = stand.logged(answer.one("zp-rid"))
    assert (answer.status, line["user"]) == (200, None)
    assert "user" not in line["seen"]
    assert line["seen"]["clientCert"]["status"] == ("FAILED" if shown else "NONE")
    assert ("trusted authority" if shown else "no certificate") in line["seen"]["clientCert"]["reason"]


@pytest.mark.parametrize("path", ["/required", "/optional", "/open"])
def test_what_a_caller_says_of_its_certificate_goes_nowhere(stand: Stand, path: str) -> None:
    forged = ["client-cert: :AAAA:", "client-cert-chain: :AAAA:", "x-forwarded-client-cert: Hash=00;Subject=CN=root"]
    assert stand.ask(path, stand.partners.issue_client("honest"), *forged).status == 200
    names = {name.lower() for name, _ in stand.origin.last.headers}
    assert names.isdisjoint({"client-cert", "client-cert-chain", "x-forwarded-client-cert"})
    assert stand.ask("/required", None, *forged).status == 401


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_no_session_is_resumed(stand: Stand, version: ssl.TLSVersion) -> None:
    """Threat D18: a resumed session brings a certificate that nothing has verified since."""
    context = _context(stand, stand.partners.issue_client("resuming"), version)
    with _connected(stand, context) as first:
        assert _asked(first, "/required").status == 200
        session = first.session
    with _connected(stand, context, session) as again:
        assert not again.session_reused
        assert _asked(again, "/required").status == 200


def test_a_certificate_that_expires_on_an_open_connection(stand: Stand) -> None:
    pair = stand.partners.issue_client("brief", days=4 / 86400)
    with _connected(stand, _context(stand, pair)) as connection:
        assert _asked(connection, "/required").status == 200
        _until(lambda: _asked(connection, "/required").status == 401)


@pytest.mark.parametrize("shown", [False, True])
def test_http_2(stand: Stand, shown: bool) -> None:
    context = _context(stand, stand.partners.issue_client("multiplexed") if shown else None)
    context.set_alpn_protocols(["h2"])
    head = [(":method", "GET"), (":scheme", "https"), (":authority", "localhost"), (":path", "/required")]
    assert http2_request(stand.gateway.envoy.port, head, tls=context).status == (200 if shown else 401)


@pytest.mark.parametrize("shown", [False, True])
def test_an_upgrade(stand: Stand, shown: bool) -> None:
    wanted = ["connection: Upgrade", "upgrade: websocket", "sec-websocket-version: 13", "sec-websocket-key: AAAA"]
    before = len(stand.origin.seen)
    stand.ask("/required", stand.partners.issue_client("upgrading") if shown else None, *wanted)
    assert len(stand.origin.seen) - before == int(shown)


def test_http_3_is_not_announced(stand: Stand) -> None:
    assert stand.ask("/open").all("alt-svc") == []


@contextmanager
def _small(home: Path, authorities: dict[str, Authorities], server: Authority, toml: str = "") -> Iterator[Stand]:
    """A gateway of one route with the policy, and what vouches for callers as given."""
    with RecordingOrigin() as origin:
        paths = {"/required": {"get": forward(origin.url, inbound=["required"])}}
        tls = '[[listeners]]\ntls = { certificate = "tls.crt", key = "tls.key" }\n[log]\naccess = "access.log"\n'
        folder = write_project(home / "project", paths, policies=POLICIES[:1], toml=toml or tls)
        _install(server.issue("localhost"), folder)
        with serving(folder, home, certificates=KnownCertificates(vouching=authorities)) as gateway:
            yield Stand(gateway, origin, server, server, server, server, folder / "access.log")


def test_revoked_certificates_are_refused(tmp_path: Path, stand: Stand) -> None:
    root, below = Authority.create(tmp_path / "root", "R"), Authority.create(tmp_path / "i", "I").intermediate("B")
    pairs = {each: (each.issue_client("good"), each.issue_client("bad")) for each in (root, below)}
    chains = {root: root.roots.read_text(), below: below.chain.decode()}
    vouching = {
        str(number): Authorities(chains[each], each.revocations(bad).decode())
        for number, (each, (_, bad)) in enumerate(pairs.items())
    }
    with _small(tmp_path, vouching, stand.server) as small:
        for good, bad in pairs.values():
            assert (small.ask("/required", good).status, small.ask("/required", bad).status) == (200, 401)


def test_beside_a_list_an_authority_without_one_vouches_for_nobody(tmp_path: Path, stand: Stand) -> None:
    listed, other = Authority.create(tmp_path / "listed", "L"), Authority.create(tmp_path / "other", "O")
    vouching = {
        "listed": Authorities(listed.roots.read_text(), listed.revocations().decode()),
        "other": Authorities(other.roots.read_text()),
    }
    with _small(tmp_path, vouching, stand.server) as small:
        assert small.ask("/required", listed.issue_client("a")).status == 200
        assert small.ask("/required", other.issue_client("a")).status == 401


def test_without_an_authority_nobody_is_verified(tmp_path: Path, stand: Stand) -> None:
    with _small(tmp_path, {}, stand.server) as small:
        assert small.ask("/required", stand.partners.issue_client("lost")).status == 401
        assert small.ask("/required").status == 401


def test_a_plain_listener_refuses_everybody(tmp_path: Path, stand: Stand) -> None:
    vouching = {"partners": Authorities(stand.partners.roots.read_text())}
    with _small(tmp_path, vouching, stand.server, "[[listeners]]\n") as small:
        assert small.gateway.get("/required", "client-cert: :AAAA:").status == 401
        assert small.origin.seen == []


def test_a_program_that_fails_lets_nobody_in(tmp_path: Path, stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    nothing = any_of("envoy.extensions.filters.http.lua.v3.LuaPerRoute", filter_context={"demands": "?"})
    monkeypatch.setattr(route, "client_certificate_config", lambda _: {client_certificate.FILTER: nothing})
    with _small(tmp_path, {"p": Authorities(stand.partners.roots.read_text())}, stand.server) as small:
        assert small.ask("/required", stand.partners.issue_client("unlucky")).status == 503
        assert small.origin.seen == []
