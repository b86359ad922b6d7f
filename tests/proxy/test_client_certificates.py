"""Callers' certificates: who is let in, what is known of them, and what they cannot forge."""

from __future__ import annotations

import json
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.proxy.conftest import forward
from tests.support.certificates import SERVER_AUTH, Authority, KeyPair
from tests.support.gateway import Answer, Gateway, parse_answer, serving
from tests.support.known_certificates import KnownCertificates
from tests.support.origin import RecordingOrigin
from tests.support.project import policy, write_project
from wicketgate.certificates import Authorities

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

    def logged(self) -> Any:
        """The last line of the access log; Envoy writes it a little after the answer."""
        for _ in range(200):
            lines = self.log.read_text().splitlines() if self.log.exists() else []
            if lines:
                return [json.loads(line) for line in lines]
            socket.socket().close()
        raise AssertionError("nothing was logged")


@pytest.fixture(scope="module")
def stand(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    home = tmp_path_factory.mktemp("stand")
    server = Authority.create(home / "server")
    partners = Authority.create(home / "partners", "Partners")
    issuing = Authority.create(home / "root", "Root").intermediate("Issuing")
    umlaut = Authority.create(home / "umlaut", "Bücher")
    with RecordingOrigin() as origin:
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
    lines = [f"GET {path} HTTP/1.1", "host: gateway", *headers, "connection: close", "", ""]
    connection.sendall("\r\n".join(lines).encode())
    with connection.makefile("rb") as stream:
        return parse_answer(stream.read())


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
            other = Authority.create(tmp_path / "self")
            pair = KeyPair(other.roots, tmp_path / "self.key")
            _save_key(other, pair.key)
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


def _save_key(authority: Authority, path: Path) -> None:
    from tests.support.certificates import _write_key

    _write_key(path, authority._key)


def test_an_intermediate_alone_vouches(stand: Stand) -> None:
    assert stand.ask("/required", stand.issuing.issue_client("below")).status == 200
