"""Real servers that demand a client certificate, one at a time, behind a gateway that has every kind of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.guards.mtls.credentials import Credentials, make_credentials
from tests.guards.mtls.stands import MTLS_STANDS
from tests.proxy.conftest import forward
from tests.support.certificates import KeyPair
from tests.support.gateway import Gateway, serving
from tests.support.known_certificates import KnownCertificates
from tests.support.project import write_project
from wicketgate.certificates import PemKeyPair
from wicketgate.secret_value import SecretValue

NAME = "origin.test"

# The printed texts of the Python runners speak only TLS 1.3.
_WITHOUT_13 = {
    "apache": (" +TLSv1.3", ""),
    "caddy": ("protocols tls1.2 tls1.3", "protocols tls1.2 tls1.2"),
    "envoy": ("tls_maximum_protocol_version: TLSv1_3", "tls_maximum_protocol_version: TLSv1_2"),
    "haproxy": ("ssl-min-ver TLSv1.2", "ssl-min-ver TLSv1.2 ssl-max-ver TLSv1.2"),
    "nginx": (" TLSv1.3", ""),
    "node": ("minVersion: 'TLSv1.2'", "minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2'"),
}
PEERS = [(name, "1.3") for name in MTLS_STANDS] + [(name, "1.2") for name in _WITHOUT_13]


@dataclass(frozen=True, slots=True)
class Peer:
    """A running server with a printed configuration, and a gateway with one origin for each certificate.

    `/CREDENTIAL` is forwarded to the server with that certificate.
    """

    name: str
    version: str
    gateway: Gateway


@pytest.fixture(scope="session")
def credentials(tmp_path_factory: pytest.TempPathFactory) -> Credentials:
    return make_credentials(tmp_path_factory.mktemp("credentials"))


@pytest.fixture(scope="module", params=PEERS, ids="-".join)
def peer(
    request: pytest.FixtureRequest, credentials: Credentials, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Peer]:
    name, version = request.param
    folder = tmp_path_factory.mktemp(name)

    def amend(text: str, port: int) -> str:
        if version == "1.3":
            return text
        before, after = _WITHOUT_13[name]
        assert before in text
        return text.replace(before, after)

    shown = {**credentials.accepted, **credentials.refused, "revoked": credentials.revoked}
    with MTLS_STANDS[name](folder, credentials, amend=amend) as port:
        project = _project(folder, port, shown, credentials.ca)
        with serving(project, folder, certificates=_known(shown)) as gateway:
            yield Peer(name, version, gateway)


def _project(folder: Path, port: int, shown: Mapping[str, KeyPair | None], ca: Path) -> Path:
    def origin(name: str) -> dict[str, Any]:
        identity = {"mtlsCertificate": name} if shown[name] else {}
        where = {"url": f"https://{NAME}:{port}", "endpoints": [f"127.0.0.1:{port}"]}
        return {"name": name, **where, "tls": {"ca": str(ca), "minVersion": "1.2"}, **identity}

    return write_project(
        folder / "project",
        {f"/{name}": {"get": forward(f"origin://{name}")} for name in shown},
        origins={"origins": [origin(name) for name in shown]},
        toml='[log]\naccess = "off"\n',
    )


def _known(shown: Mapping[str, KeyPair | None]) -> KnownCertificates:
    return KnownCertificates(
        pairs={
            name: PemKeyPair(pair.certificate.read_text(), SecretValue(pair.key.read_text()))
            for name, pair in shown.items()
            if pair is not None
        }
    )
