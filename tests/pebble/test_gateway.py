"""A gateway that gets its own certificate: listeners first, then the certificate, then its renewal."""

from __future__ import annotations

import json
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.guards.stands.base import free_port
from tests.live.conftest import fetch, until
from tests.pebble.conftest import NAMES, Pebble
from tests.support.project import handler, operation, write_project
from wicketgate.pki.authority import create_root, issue
from wicketgate.pki.certificate import Certificate, parse_certificates
from wicketgate.pki.extensions import Purpose
from wicketgate.pki.key_pair import KeyPair
from wicketgate.pki.profile import DAY, LeafProfile
from wicketgate.store.certificates import CertificateSource, CertificateStore
from wicketgate.store.database import open_database
from wicketgate.supervise.unix_http import unix_request

TOML = """
[[listeners]]
address = "127.0.0.1:{plain}"
[[listeners]]
address = "127.0.0.1:{tls}"
http3 = false
tls = {{ certificates = [{{ name = "acme" }}] }}
[acme]
names = {names}
agree_to_terms = true
directory = "{directory}"
ca = "acme-ca.pem"
[envoy]
concurrency = 1
[log]
access = "off"
"""


@dataclass(frozen=True)
class Stand:
    project: Path
    pebble: Pebble
    tls: int

    @property
    def certificates(self) -> CertificateStore:
        return CertificateStore(open_database(self.project / ".wicket"))

    def serial(self) -> str:
        """Return the serial of what callers are shown."""
        return self.shown().serial

    def shown(self) -> Certificate:
        pem = ssl.get_server_certificate(("127.0.0.1", self.tls), timeout=10)
        return parse_certificates(pem.encode(), source="listener")[0]

    def ready(self) -> dict[str, str]:
        answer = unix_request(self.project / ".wicket/run/control.sock", "GET", "/status").body
        problems: dict[str, str] = json.loads(answer)["problems"]
        return problems

    def verified(self) -> int:
        """Ask as a caller that trusts the authority and nobody else."""
        trust = ssl.create_default_context(cadata=self.pebble.root().decode())
        address = f"https://127.0.0.1:{self.tls}/hello"
        asked = {"headers": {"host": NAMES[0]}, "extensions": {"sni_hostname": NAMES[0]}}
        with httpx.Client(verify=trust) as client:
            try:
                return client.send(client.build_request("GET", address, **asked)).status_code  # type: ignore[arg-type]
            except httpx.ConnectError:
                return 0


def _stand(tmp_path: Path, pebble: Pebble, *, directory: str = "") -> Stand:
    tls = free_port()
    toml = TOML.format(
        plain=pebble.challenge_port, tls=tls, names=json.dumps(NAMES), directory=directory or pebble.directory
    )
    redirect = operation(handler("redirectHandler", location="/elsewhere", status=302))
    project = write_project(tmp_path / "project", {"/hello": {"get": redirect}}, toml=toml)
    (project / "acme-ca.pem").write_bytes(pebble.trust.read_bytes())
    return Stand(project, pebble, tls)


@contextmanager
def _running(stand: Stand) -> Iterator[None]:
    command = [sys.executable, "-m", "wicketgate.cli", "run", "--project", str(stand.project)]
    with (stand.project / "log").open("ab") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        until(lambda: fetch(f"http://127.0.0.1:{stand.pebble.challenge_port}/hello")[0] != 0)
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)


def test_a_certificate_is_got_and_renewed(pebble: Pebble, tmp_path: Path) -> None:
    stand = _stand(tmp_path, pebble)
    with _running(stand):
        until(lambda: stand.verified() == 302, seconds=30, every=0.2)
        until(lambda: "credentials" not in stand.ready(), every=0.1)
        first = stand.serial()
        answer = fetch(f"http://127.0.0.1:{pebble.challenge_port}/.well-known/acme-challenge/x")
        assert answer[0] == 404, "no answer outlives its order"
    stand.certificates.replace("acme", _old(), source=CertificateSource.ACME)
    with _running(stand):
        until(lambda: stand.verified() == 302, seconds=30, every=0.2)
        assert stand.serial() != first
    assert "PRIVATE" not in (stand.project / "log").read_text()


def _old() -> KeyPair:
    """A certificate for the names of which more than two thirds are over."""
    began = time.time() - 80 * DAY
    profile = LeafProfile(NAMES[0], purpose=Purpose.SERVER, dns_names=NAMES, life=90 * DAY)
    return issue(create_root("an older authority", now=began), profile, now=began)


def test_without_an_answer_the_gateway_serves_and_says_what_is_missing(pebble: Pebble, tmp_path: Path) -> None:
    stand = _stand(tmp_path, pebble, directory="https://127.0.0.1:1/dir")
    with _running(stand):
        assert fetch(f"http://127.0.0.1:{pebble.challenge_port}/hello")[0] != 0
        until(lambda: "cannot talk to" in stand.ready().get("credentials", ""), seconds=20, every=0.1)
        assert stand.shown().subject == "CN=no certificate yet"
        assert stand.verified() == 0, "a certificate that stands in is trusted by nobody"


def test_an_order_that_fails_leaves_the_certificate_in_use(pebble: Pebble, tmp_path: Path) -> None:
    stand = _stand(tmp_path, pebble)
    with _running(stand):
        until(lambda: stand.verified() == 302, seconds=30, every=0.2)
    other = (stand.project / "wicket.toml").read_text().replace(pebble.directory, "https://127.0.0.1:1/dir")
    (stand.project / "wicket.toml").write_text(other.replace(NAMES[1], "another.example.test"))
    with _running(stand):
        until(lambda: "no certificate for" in (stand.project / "log").read_text(), seconds=20, every=0.1)
        assert stand.verified() == 302
        assert "credentials" not in stand.ready()
