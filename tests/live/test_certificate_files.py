"""Certificates changed under load: in a directory, as Kubernetes and cert-manager mount them, and by command.

The origin is nginx, which demands a client certificate and logs its serial.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.live.conftest import Running, running, until
from tests.live.load import under_load
from tests.live.mtls_origin import MutualOrigin, mutual_origin
from tests.support.certificates import Authority, KeyPair
from tests.support.project import handler, operation, write_project
from wicketgate.pki.certificate import parse_certificates

CONNECTION_AGE = 1.0


@dataclass(frozen=True)
class Stand:
    project: Path
    clients: Authority
    origin: MutualOrigin

    def mount(self, pair: KeyPair, version: str) -> None:
        """Change the files as the kubelet does: a folder of the new version, and one link that is replaced."""
        folder = self.project / "certs/billing"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / version).mkdir()
        shutil.copy(pair.certificate, folder / version / "tls.crt")
        shutil.copy(pair.key, folder / version / "tls.key")
        (folder / "..new").symlink_to(version)
        (folder / "..new").replace(folder / "..data")
        for name in ("tls.crt", "tls.key"):
            if not (folder / name).exists():
                (folder / name).symlink_to(f"..data/{name}")

    def shown(self, serial: str) -> None:
        mark = self.origin.mark()
        until(lambda: serial in self.origin.seen(mark), seconds=20, every=0.05)

    def wicket(self, *arguments: str | Path) -> None:
        command = [sys.executable, "-m", "wicketgate.cli", "--project", str(self.project), *map(str, arguments)]
        subprocess.run(command, check=True, capture_output=True, timeout=60)


@pytest.fixture
def stand(tmp_path: Path) -> Iterator[Stand]:
    clients = Authority.create(tmp_path / "clients")
    with mutual_origin(tmp_path / "origin", clients=clients.roots.read_text()) as origin:
        project = tmp_path / "project"
        billing = {
            "name": "billing",
            "url": f"https://127.0.0.1:{origin.port}",
            "tls": {"ca": "./origin-ca.pem"},
            "mtlsCertificate": "billing",
            "connectionAge": CONNECTION_AGE,
        }
        write_project(
            project,
            {"/hello": {"get": operation(handler("urlForwardHandler", baseUrl="origin://billing"))}},
            origins={"origins": [billing]},
            toml='[certificates]\ndirectory = "certs"\n[envoy]\nconcurrency = 1\n[log]\naccess = "off"\n',
        )
        (project / "origin-ca.pem").write_bytes(origin.roots.read_bytes())
        yield Stand(project, clients, origin)


def _serial(pair: KeyPair) -> str:
    return parse_certificates(pair.certificate.read_bytes(), source="client")[0].serial.lstrip("0")


def _problems(gateway: Running) -> dict[str, str]:
    found: dict[str, str] = gateway.status()["problems"]
    return found


def test_mounted_files_are_swapped_under_load(stand: Stand) -> None:
    first, second = (stand.clients.issue_client(name) for name in ("first", "second"))
    stand.mount(first, "..1")
    with running(stand.project) as gateway, under_load(f"{gateway.url}/hello", seconds=15) as (http1, http2):
        stand.shown(_serial(first))
        stand.mount(second, "..2")
        stand.shown(_serial(second))
        time.sleep(CONNECTION_AGE + 1)
        mark = stand.origin.mark()
        until(lambda: len(stand.origin.seen(mark)) > 50, every=0.05)
        assert set(stand.origin.seen(mark)) == {_serial(second)}
    assert (http1.failed, http2.failed) == (0, 0), (http1.report, http2.report)
    assert stand.origin.refused() == []


def test_half_of_a_change_is_not_used_and_said(stand: Stand) -> None:
    first, second = (stand.clients.issue_client(name) for name in ("first", "second"))
    stand.mount(first, "..1")
    folder = stand.project / "certs/billing"
    with running(stand.project) as gateway:
        until(lambda: gateway.get("/hello")[0] == 200)
        (folder / "tls.crt").unlink()
        shutil.copy(second.certificate, folder / "tls.crt")
        until(lambda: "tls.crt" in _problems(gateway).get("certificates", ""))
        assert gateway.get("/readyz", private=True)[0] == 503
        time.sleep(CONNECTION_AGE + 0.5)
        mark = stand.origin.mark()
        assert gateway.get("/hello")[0] == 200
        assert stand.origin.seen(mark) == [_serial(first)], "the pair in use stays in force"
        assert "the certificate in use stays" in gateway.err.read_text()
        (folder / "tls.key").unlink()
        shutil.copy(second.key, folder / "tls.key")
        until(lambda: gateway.get("/readyz", private=True)[0] == 200)
        until(lambda: gateway.get("/hello")[0] == 200 and stand.origin.seen(0)[-1] == _serial(second))


def test_imported_and_rotated_by_command(stand: Stand) -> None:
    first, second = (stand.clients.issue_client(name) for name in ("first", "second"))
    stand.wicket("cert", "import", "billing", "--cert", first.certificate, "--key", first.key)
    with running(stand.project) as gateway, under_load(f"{gateway.url}/hello", seconds=15) as (http1, http2):
        stand.shown(_serial(first))
        stand.wicket("cert", "rotate", "billing", "--cert", second.certificate, "--key", second.key)
        stand.shown(_serial(second))
        metrics = gateway.get("/metrics", private=True)[1]
        assert 'wicket_certificate_expiry_timestamp_seconds{name="billing",use="shown"}' in metrics
    assert (http1.failed, http2.failed) == (0, 0), (http1.report, http2.report)


def test_an_expired_certificate_is_named(stand: Stand) -> None:
    stand.mount(stand.clients.issue_client("old", starts=-9, days=-1), "..1")
    with running(stand.project) as gateway:
        until(lambda: "billing: expired on" in _problems(gateway).get("credentials", ""))
        status, text = gateway.get("/readyz", private=True)
        assert status == 503
        assert "billing" in json.loads(text)["problems"]["credentials"]
        assert gateway.get("/hello")[0] != 200, "the origin refuses it"
