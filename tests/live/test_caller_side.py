"""What callers meet, changed while it is used: the gateway's own certificate, and whom it believes about callers."""

from __future__ import annotations

import http.client
import json
import ssl
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from tests.live.conftest import Origin, Running, running, until
from tests.live.load import under_load
from tests.support.certificates import Authority, KeyPair
from tests.support.project import handler, operation, policy, write_project

ROUNDS = 10
TOML = """
[[listeners]]
http3 = false
tls = { certificate = "tls.crt", key = "tls.key" }
[envoy]
concurrency = 1
drain_seconds = 5
[log]
access = "off"
"""


@dataclass(frozen=True)
class Stand:
    gateway: Running
    server: Authority

    def status(self, path: str, pair: KeyPair | None = None) -> int:
        """Ask over a connection of its own."""
        context = ssl.create_default_context(cafile=str(self.server.roots))
        if pair is not None:
            context.load_cert_chain(pair.certificate, pair.key)
        connection = http.client.HTTPSConnection("127.0.0.1", self.gateway.port, timeout=10, context=context)
        try:
            connection.request("GET", path)
            return connection.getresponse().status
        finally:
            connection.close()

    def shown(self) -> str:
        """The PEM of the certificate that a new connection gets."""
        return ssl.get_server_certificate(("127.0.0.1", self.gateway.port), timeout=10)

    def install(self, pair: KeyPair) -> None:
        """Write certificate and key as an operator does: one after the other."""
        (self.gateway.project / "tls.crt").write_bytes(pair.certificate.read_bytes())
        (self.gateway.project / "tls.key").write_bytes(pair.key.read_bytes())

    def wicket(self, *arguments: str | Path) -> None:
        command = [sys.executable, "-m", "wicketgate.cli", "ca-certificate", *map(str, arguments)]
        done = subprocess.run(
            [*command, "--project", str(self.gateway.project)], capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, done.stderr


@pytest.fixture
def stand(tmp_path: Path, origin: Origin) -> Iterator[Stand]:
    server = Authority.create(tmp_path / "server")
    secret = [{"name": "backend-secret", "value": "the-first-secret-of-this-origin"}]
    paths = {
        f"/{name}": {"get": operation(handler("urlForwardHandler", baseUrl=origin.url), inbound=inbound)}
        for name, inbound in {"hello": ["secret"], "required": ["certificate", "secret"]}.items()
    }
    folder = write_project(
        tmp_path / "project",
        paths,
        policies=[
            policy("secret", "set-headers-inbound", "SetHeadersInboundPolicy", headers=secret),
            policy("certificate", "mtls-auth-inbound", "MTLSAuthInboundPolicy"),
        ],
        toml=TOML,
    )
    pair = server.issue("127.0.0.1")
    (folder / "tls.crt").write_bytes(pair.certificate.read_bytes())
    (folder / "tls.key").write_bytes(pair.key.read_bytes())
    with running(folder) as gateway:
        yield Stand(gateway, server)


def test_certificates_are_replaced_under_load(stand: Stand) -> None:
    url = f"https://127.0.0.1:{stand.gateway.port}/hello"
    with under_load(url, seconds=25) as (http1, http2):
        for _ in range(ROUNDS):
            pair = stand.server.issue("127.0.0.1")
            stand.install(pair)
            until(partial(_is_shown, stand, pair))
    assert (http1.failed, http2.failed) == (0, 0), (http1.report, http2.report)
    assert http1.completed > 1000
    assert http2.completed > 1000


def _is_shown(stand: Stand, pair: KeyPair) -> bool:
    return stand.shown().strip() == pair.certificate.read_text().strip()


def test_a_key_that_does_not_fit_changes_nothing(stand: Stand) -> None:
    before = stand.shown()
    (stand.gateway.project / "tls.key").write_bytes(stand.server.issue("localhost").key.read_bytes())
    problems = until(lambda: json.loads(stand.gateway.get("/readyz", private=True)[1])["problems"])
    assert "does not belong to the certificate" in problems["certificates"]
    assert (stand.shown(), stand.status("/hello")) == (before, 200)
    stand.install(stand.server.issue("127.0.0.1"))
    until(lambda: stand.gateway.get("/readyz", private=True)[0] == 200)
    assert stand.shown() != before


def test_authorities_come_and_go_at_once(stand: Stand, tmp_path: Path) -> None:
    partners, others = Authority.create(tmp_path / "partners", "P"), Authority.create(tmp_path / "others", "O")
    pair, other = partners.issue_client("caller"), others.issue_client("caller")
    assert (stand.status("/required", pair), stand.status("/hello")) == (401, 200)
    stand.wicket("create", "--name", "partners", "--cert", partners.roots)
    until(lambda: stand.status("/required", pair) == 200)
    assert (stand.status("/required", other), stand.status("/required")) == (401, 401)
    (tmp_path / "crl").write_bytes(partners.revocations(pair))
    stand.wicket("update", "partners", "--crl", tmp_path / "crl")
    until(lambda: stand.status("/required", pair) == 401)
    assert stand.status("/required", partners.issue_client("fresh")) == 200
    stand.wicket("update", "partners", "--cert", others.roots, "--no-crl")
    until(lambda: stand.status("/required", other) == 200)
    assert stand.status("/required", pair) == 401


def test_the_last_authority_goes_even_when_the_project_is_broken(stand: Stand, tmp_path: Path) -> None:
    partners = Authority.create(tmp_path / "partners", "P")
    pair = partners.issue_client("caller")
    stand.wicket("create", "--name", "partners", "--cert", partners.roots)
    until(lambda: stand.status("/required", pair) == 200)
    (stand.gateway.project / "config/routes.oas.json").write_text("{")
    stand.wicket("delete", "partners")
    until(lambda: stand.status("/required", pair) == 401)
    assert stand.status("/hello") == 200
