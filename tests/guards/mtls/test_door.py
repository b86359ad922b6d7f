"""Every printed mutual TLS configuration against the one table, on real servers and sockets."""

from __future__ import annotations

import http.client
import json
import subprocess
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.guards.mtls.client import BOTH, Outcome, Version, attempt, context
from tests.guards.mtls.conftest import Door
from tests.guards.mtls.credentials import GATEWAY, Credentials
from tests.guards.mtls.stands import MTLS_STANDS
from wicketgate.guards.mtls.server import CERTIFICATE_HEADERS

_ACCEPTED = ("right", "right-among-others", "right-from-the-root", "right-with-a-last-byte-of-zero")
_REFUSED = (
    "none",
    "sibling",
    "other-ca-of-the-same-name",
    "unknown-ca",
    "expired",
    "not-yet-valid",
    "for-servers-only",
    "signed-by-a-sibling",
    "no-name",
    "name-in-subject",
    "name-and-more",
    "name-cut-off",
    "more-and-name",
    "nul-in-name",
    "name-as-dns",
    "other-case",
    "name-inside-a-name",
)
# A server that has the certificate already says it in HTTP; most end the handshake.
_REFUSALS = (None, 401)


def test_the_table_has_every_credential(credentials: Credentials) -> None:
    assert (tuple(credentials.accepted), tuple(credentials.refused)) == (_ACCEPTED, _REFUSED)


@pytest.mark.parametrize("name", _ACCEPTED)
def test_lets_in(door: Door, name: str) -> None:
    outcome = attempt(door.port, context(door.credentials.accepted[name]))
    assert outcome.status == 200
    assert json.loads(outcome.body)["target"] == "/orders/1"


@pytest.mark.parametrize("version", BOTH)
@pytest.mark.parametrize("name", _REFUSED)
def test_refuses(door: Door, name: str, version: Version) -> None:
    _assert_refused(door, attempt(door.port, context(door.credentials.refused[name], version)))


def test_revoked(door: Door) -> None:
    status = attempt(door.port, context(door.credentials.revoked)).status
    assert status in (_REFUSALS if door.stand.reads_crl else (200,))


@pytest.mark.parametrize("version", BOTH)
def test_without_a_certificate_no_request_is_read(door: Door, version: Version) -> None:
    # nginx finishes the handshake to tell in HTTP what is missing.
    status = attempt(door.port, context(None, version)).status
    assert status == (401 if door.stand.name == "nginx" else None)


@pytest.mark.parametrize("name", [None, "localhost", "no-such-host.test"])
def test_no_server_name_goes_round(door: Door, name: str | None) -> None:
    outcome = attempt(door.port, context(None), name=name, host="origin.test")
    _assert_refused(door, outcome)


def test_a_header_is_no_certificate(door: Door) -> None:
    pem = quote(door.credentials.accepted["right"].certificate.read_text())
    fields = [(name, pem) for name in CERTIFICATE_HEADERS] + [("x-forwarded-client-cert", f"URI={GATEWAY}")]
    for name in ("none", "sibling"):
        _assert_refused(door, attempt(door.port, context(door.credentials.refused[name]), fields=fields))


def test_the_application_sees_no_claim_about_certificates(door: Door) -> None:
    spellings = [name.replace("-", "_") for name in CERTIFICATE_HEADERS] + ["x_ssl-client_cert", "Client-Cert"]
    fields = [(name, "forged") for name in (*CERTIFICATE_HEADERS, *spellings)]
    outcome = attempt(door.port, context(door.credentials.accepted["right"]), fields=[*fields, ("x-mine", "1")])
    assert outcome.status == 200
    names = {name.lower().replace("_", "-") for name in json.loads(outcome.body)["names"]}
    assert "x-mine" in names
    assert names.isdisjoint(CERTIFICATE_HEADERS)


def test_plain_http_on_the_port(door: Door) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", door.port, timeout=10)
    try:
        connection.request("GET", "/orders/1", headers={"host": "origin.test"})
        response = connection.getresponse()
        status, body = response.status, response.read()
    except (http.client.BadStatusLine, ConnectionError):
        return
    finally:
        connection.close()
    assert status in (400, 401)
    assert b"orders" not in body or status == 401


@pytest.mark.parametrize("version", ["-tls1", "-tls1_1"])
def test_old_protocols(door: Door, version: str) -> None:
    assert "Cipher is (NONE)" in _openssl(door, version)


def test_the_tool_that_shows_old_protocols_gets_in_with_a_new_one(door: Door) -> None:
    assert "Cipher is (NONE)" not in _openssl(door, "-tls1_3")


def _openssl(door: Door, version: str) -> str:
    pair = door.credentials.accepted["right"]
    command = ["openssl", "s_client", version, "-cipher", "ALL:@SECLEVEL=0", "-connect", f"127.0.0.1:{door.port}"]
    command += ["-cert", str(pair.certificate), "-key", str(pair.key), "-servername", "origin.test"]
    run = subprocess.run(command, input=b"", capture_output=True, timeout=20, check=False)
    return (run.stdout + run.stderr).decode()


def _assert_refused(door: Door, outcome: Outcome) -> None:
    misdirected = (421,) if door.stand.name == "caddy" else ()
    assert outcome.status in (*_REFUSALS, *misdirected)
    assert b'"names"' not in outcome.body
    if outcome.status == 401:
        assert json.loads(outcome.body)["title"] == "Unauthorized"


@pytest.mark.parametrize("name", MTLS_STANDS)
def test_without_revocation_lists(name: str, credentials: Credentials, tmp_path: Path) -> None:
    with MTLS_STANDS[name](tmp_path, credentials, crl=False) as port:
        for pair in (credentials.revoked, *credentials.accepted.values()):
            assert attempt(port, context(pair)).status == 200
        outcomes = {row: attempt(port, context(pair)).status for row, pair in credentials.refused.items()}
    assert {row: status for row, status in outcomes.items() if status not in _REFUSALS} == {}


@pytest.mark.parametrize("name", [stand.name for stand in MTLS_STANDS.values() if stand.reads_crl])
def test_with_an_outdated_list_nobody_gets_in(name: str, credentials: Credentials, tmp_path: Path) -> None:
    outdated = replace(credentials, crl=credentials.outdated_crl)
    with MTLS_STANDS[name](tmp_path, outdated) as port:
        assert attempt(port, context(credentials.accepted["right"])).status in _REFUSALS


@pytest.mark.parametrize("name", MTLS_STANDS)
def test_a_dns_name(name: str, credentials: Credentials, tmp_path: Path) -> None:
    with MTLS_STANDS[name](tmp_path, credentials, san="DNS:gateway.wicket.test") as port:
        assert attempt(port, context(credentials.accepted["right-among-others"])).status == 200
        assert attempt(port, context(credentials.accepted["right"])).status in _REFUSALS
        assert attempt(port, context(None)).status in _REFUSALS


@pytest.mark.parametrize("name", [stand.name for stand in MTLS_STANDS.values() if stand.runs_application])
def test_the_application_is_not_even_asked(name: str, credentials: Credentials, tmp_path: Path) -> None:
    with MTLS_STANDS[name](tmp_path, credentials) as port:
        for pair in credentials.refused.values():
            attempt(port, context(pair))
        assert attempt(port, context(credentials.accepted["right"])).status == 200
    assert (tmp_path / "seen").read_text().splitlines() == ["/orders/1"]
