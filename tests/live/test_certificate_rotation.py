"""Certificates of the private authority under load: renewed, signed by another intermediate, by another root.

The origin is nginx, which demands a client certificate and logs its serial. Within `connectionAge` of a change it sees
the new serial only, and no request fails (threat D19).
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.live.conftest import Running, running, until
from tests.live.load import under_load
from tests.live.mtls_origin import MutualOrigin, mutual_origin
from tests.support.project import handler, operation, write_project
from wicketgate.pki.private_key import KeyAlgorithm
from wicketgate.private_ca import CaState, PrivateCa
from wicketgate.store import open_database

CONNECTION_AGE = 2.0


@dataclass(frozen=True)
class Stand:
    project: Path
    ca: PrivateCa
    origin: MutualOrigin

    @property
    def state(self) -> CaState:
        state = self.ca.state()
        assert state is not None
        return state

    @property
    def serial(self) -> str:
        """The serial of the certificate that the gateway should show."""
        return self.state.latest()["billing"].serial.lstrip("0")

    def shown(self, serial: str) -> None:
        """Wait until the origin sees the certificate."""
        mark = self.origin.mark()
        until(lambda: serial in self.origin.seen(mark), seconds=20, every=0.1)

    def settled(self) -> None:
        """Wait for the new serial, then for the age of the last old connection; after that there is no other."""
        self.shown(self.serial)
        time.sleep(CONNECTION_AGE + 1)
        mark = self.origin.mark()
        until(lambda: len(self.origin.seen(mark)) > 100, seconds=20, every=0.1)
        assert set(self.origin.seen(mark)) == {self.serial}


@pytest.fixture
def algorithm() -> KeyAlgorithm:
    return KeyAlgorithm.EC_P256


@pytest.fixture
def stand(tmp_path: Path, algorithm: KeyAlgorithm) -> Iterator[Stand]:
    project = tmp_path / "project"
    ca = PrivateCa(open_database(project / ".wicket"))
    bundle = ca.init(algorithm=algorithm).bundle
    with mutual_origin(tmp_path / "origin", clients=bundle) as origin:
        (project / "certs").mkdir()
        (project / "certs/origin-ca.pem").write_bytes(origin.roots.read_bytes())
        billing = {
            "name": "billing",
            "url": f"https://127.0.0.1:{origin.port}",
            "tls": {"ca": "./certs/origin-ca.pem"},
            "mtlsCertificate": "billing",
            "connectionAge": CONNECTION_AGE,
        }
        write_project(
            project,
            {"/hello": {"get": operation(handler("urlForwardHandler", baseUrl="origin://billing"))}},
            origins={"origins": [billing]},
            toml='[envoy]\nconcurrency = 1\ndrain_seconds = 5\n[log]\naccess = "off"\n',
        )
        yield Stand(project, ca, origin)


def test_a_short_lived_certificate_is_renewed_without_anybody(stand: Stand) -> None:
    stand.ca.issue("billing", "production", life=9)
    first = stand.serial
    with running(stand.project) as gateway, under_load(f"{gateway.url}/hello", seconds=30) as (http1, http2):
        until(lambda: stand.serial != first, every=0.1)
        second = stand.serial
        stand.shown(second)
        until(lambda: stand.serial != second, every=0.1)
        stand.shown(stand.serial)
    assert (http1.failed, http2.failed) == (0, 0), (http1.report, http2.report)
    assert stand.origin.refused() == []


def test_intermediate_and_root_are_rotated_without_loss(stand: Stand) -> None:
    stand.ca.issue("billing", "production")
    with running(stand.project) as gateway, under_load(f"{gateway.url}/hello", seconds=45) as (http1, http2):
        _answers(gateway)
        stand.settled()
        stand.ca.rotate_intermediate()
        stand.settled()
        stand.ca.stage_root()
        stand.origin.trust(stand.state.bundle)
        stand.ca.switch_root()
        stand.settled()
        stand.ca.retire_root()
        stand.origin.trust(stand.state.bundle)
        stand.settled()
    assert (http1.failed, http2.failed) == (0, 0), (http1.report, http2.report)
    assert stand.origin.refused() == []
    assert http1.completed > 1000


@pytest.mark.parametrize("algorithm", list(KeyAlgorithm))
def test_each_kind_of_key_is_taken_by_envoy_and_by_the_origin(stand: Stand, algorithm: KeyAlgorithm) -> None:
    stand.ca.issue("billing", "production")
    with running(stand.project) as gateway:
        _answers(gateway)
    assert set(stand.origin.seen(0)) == {stand.serial}


def test_what_the_authority_publishes_stands_on_the_private_listener(stand: Stand) -> None:
    stand.ca.issue("billing", "production")
    with running(stand.project) as gateway:
        assert gateway.get("/ca/bundle.pem", private=True) == (200, stand.state.bundle)
        assert gateway.get("/ca/crl.pem", private=True) == (200, stand.state.lists)


def _answers(gateway: Running) -> None:
    until(lambda: gateway.get("/hello")[0] == 200)
