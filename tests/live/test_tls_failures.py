"""An origin refuses the gateway's certificate after the handshake: the caller and the operator are told."""

from __future__ import annotations

import json
import shutil
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.live.conftest import Running, fetch, running, until
from tests.support.certificates import Authority
from tests.support.origin import RecordingOrigin
from tests.support.project import handler, operation, policy, write_project

SECRET = "the-one-genuine-secret"
TOML = """
[certificates]
directory = "certs"
[envoy]
concurrency = 1
[log]
level = "debug"
access = "access.log"
"""


@contextmanager
def _demanding_origin(folder: Path) -> Iterator[tuple[RecordingOrigin, Authority]]:
    own, clients = Authority.create(folder / "own"), Authority.create(folder / "clients", "Clients")
    pair = own.issue("localhost")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.certificate, pair.key)
    context.load_verify_locations(clients.roots)
    context.verify_mode, context.minimum_version = ssl.CERT_REQUIRED, ssl.TLSVersion.TLSv1_3
    with RecordingOrigin(tls=context) as origin:
        yield origin, own


def _project(folder: Path, origin: RecordingOrigin, own: Authority) -> Path:
    stranger = Authority.create(folder / "stranger", "Stranger").issue_client("stranger")
    place = folder / "project/certs/billing"
    place.mkdir(parents=True)
    shutil.copy(stranger.certificate, place / "tls.crt")
    shutil.copy(stranger.key, place / "tls.key")
    billing = {"name": "billing", "url": f"https://localhost:{origin.port}", "mtlsCertificate": "billing"}
    headers = [{"name": "backend-secret", "value": "$env(BACKEND_SECRET)"}]
    project = write_project(
        folder / "project",
        {"/hello": {"get": operation(handler("urlForwardHandler", baseUrl="origin://billing"), inbound=["secret"])}},
        policies=[policy("secret", "set-headers-inbound", "SetHeadersInboundPolicy", headers=headers)],
        origins={"origins": [{**billing, "tls": {"ca": str(own.roots)}}]},
        toml=TOML,
    )
    (project / ".env").write_text(f"BACKEND_SECRET={SECRET}\n")
    return project


def test_a_refused_certificate_is_told(tmp_path: Path) -> None:
    with _demanding_origin(tmp_path) as (origin, own), running(_project(tmp_path, origin, own)) as gateway:
        status, body = fetch(f"{gateway.url}/hello")
        assert (status, json.loads(body)["code"]) == (503, "origin-ended-connection")
        request = until(lambda: next(_lines(gateway.project / "access.log", "requestId"), None))
        connection = f'"ConnectionId":"{request["originConnection"]}"'
        alerts = until(lambda: [line for line in _messages(gateway) if connection in line and "_ALERT_" in line])
        warning = until(lambda: next(_lines(gateway.err, "counter"), None), seconds=30)
    assert "TLSV1_ALERT_UNKNOWN_CA" in alerts[0]
    assert (warning["origin"], warning["shown"]) == (request["origin"], "tls/billing")
    assert origin.seen == []
    assert SECRET not in gateway.err.read_text()


def _messages(gateway: Running) -> list[str]:
    return [line["message"] for line in _lines(gateway.err, "message")]


def _lines(path: Path, field: str) -> Iterator[Any]:
    """The lines of a log that have a field; the last may not be whole yet."""
    if path.exists():
        lines = (json.loads(line) for line in path.read_text().split("\n")[:-1])
        yield from (line for line in lines if line.get(field))
