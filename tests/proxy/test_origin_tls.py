"""https to an origin is always verified: authority, name, dates, purpose, version, ciphers (threats D17, D18).

What is refused is a problem whose code says which side refused, and a line in the access log that says why.
"""

from __future__ import annotations

import base64
import datetime
import hashlib
import ipaddress
import warnings
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from tests.proxy.tls_origins import Stand, TlsOrigins, Version, demanding, plain_server, server
from tests.support.certificates import CLIENT_AUTH, SERVER_AUTH, Authority, KeyPair
from tests.support.known_certificates import KnownCertificates
from wicketgate.certificates import Authorities, PemKeyPair
from wicketgate.secret_value import SecretValue
from wicketgate.spec.certificates import PRIVATE

HERE, ADDRESS = x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
SPIFFE = "spiffe://origin.test/orders"
DAY = datetime.timedelta(days=1)
METHODS = ("GET", "POST")
VERSIONS = {"1.2": Version.TLSv1_2, "1.3": Version.TLSv1_3}

RIGHT = (
    "name",
    "name-tls-1.2",
    "name-tls-1.3",
    "address",
    "uri",
    "server-name",
    "wildcard-over-one-label",
    "file",
    "stored",
    "private",
    "with-a-revocation-list",
    "pinned-key",
    "pinned-certificate",
    "pinned-key-of-another-name",
    "pinned-key-of-an-expired-certificate",
    "unverified",
    "identity-tls-1.2",
    "identity-tls-1.3",
)
WE_REFUSE = {
    "wrong-name": "SAN_matcher",
    "name-instead-of-address": "SAN_matcher",
    "wrong-uri": "SAN_matcher",
    "uri-instead-of-name": "SAN_matcher",
    "nul-in-name": "SAN_matcher",
    "nul-at-the-end": "SAN_matcher",
    "only-a-common-name": "SAN_matcher",
    "wildcard-over-two-labels": "SAN_matcher",
    "alert-in-name": "SAN_matcher",
    "wrong-authority": "unable_to_get_local_issuer_certificate",
    "authority-of-the-same-name": "certificate_signature_failure",
    "system-instead-of-named": "unable_to_get_local_issuer_certificate",
    "self-signed": "self_signed_certificate",
    "expired": "certificate_has_expired",
    "not-yet-valid": "certificate_is_not_yet_valid",
    "for-clients-only": "unsupported_certificate_purpose",
    "revoked": "certificate_revoked",
    "wrong-key": "cert_hash_and_spki",
    "wrong-certificate": "cert_hash_and_spki",
}
NO_TLS = {
    "tls-1.0": "PROTOCOL_VERSION",
    "tls-1.1": "PROTOCOL_VERSION",
    "minimum-1.3-origin-1.2": "PROTOCOL_VERSION",
    "weak-cipher": "HANDSHAKE_FAILURE_ON_CLIENT_HELLO",
    "plaintext": "WRONG_VERSION_NUMBER",
}
HANGS_UP = {"hangs-up": "{remote_connection_failure}", "resets": "Connection_reset_by_peer"}
THEY_REFUSE = {
    "no-certificate": "HANDSHAKE_FAILURE",
    "unknown-authority": "UNKNOWN_CA",
    "expired-identity": "CERTIFICATE_EXPIRED",
    "identity-not-yet-valid": "BAD_CERTIFICATE",
    "revoked-identity": "CERTIFICATE_REVOKED",
    "identity-for-servers": "UNSUPPORTED_CERTIFICATE",
}
NOT_DELIVERED = (
    "authority-not-delivered",
    "authority-not-delivered-plain-origin",
    "identity-not-delivered",
    "identity-not-delivered-plain-origin",
)


@dataclass(frozen=True)
class Town:
    """The authorities, and what all origins have in common."""

    trusted: Authority
    other: Authority
    named: Authority
    clients: Authority
    origins: TlsOrigins

    def pair(self, label: str, *names: x509.GeneralName, by: Authority | None = None, **how: Any) -> KeyPair:
        """A server's certificate of the system's authority, or of `by`."""
        return (by or self.trusted).issue_client(label, *names, **{"usage": SERVER_AUTH, **how})

    def add(self, name: str, *names: x509.GeneralName, by: Authority | None = None, **how: Any) -> KeyPair:
        """An origin whose certificate holds the names; `how` is how it is issued."""
        pair = self.pair(name, *names, by=by, **how)
        self.origins.add(name, server(pair))
        return pair


@pytest.fixture(scope="module")
def stand(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    home = tmp_path_factory.mktemp("origins")
    trusted, named = Authority.create(home / "trusted"), Authority.create(home / "named", "Named")
    clients = Authority.create(home / "clients", "Clients")
    identities = _identities(clients)
    revoked = named.issue_client("revoked", HERE, usage=SERVER_AUTH)
    authorities = {
        "stored": Authorities(named.roots.read_text()),
        PRIVATE: Authorities(named.roots.read_text()),
        "with-a-list": Authorities(named.roots.read_text(), named.revocations(revoked).decode()),
        "not-delivered": None,
    }
    known = KnownCertificates(
        pairs={**{name: _pem(pair) for name, pair in identities.items()}, "not-delivered": None}, trusted=authorities
    )
    with ExitStack() as stack, warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        town = Town(trusted, Authority.create(home / "other"), named, clients, TlsOrigins(home, known, stack))
        _trusted_by_name(town)
        _trusted_otherwise(town, revoked)
        _pinned(town)
        _without_common_ground(town, stack)
        _that_demand_certificates(town, home / "clients.crl", identities)
        yield town.origins.serve(trusted.roots)


def _trusted_by_name(town: Town) -> None:
    right = town.add("name", HERE)
    for name, version in (("name-tls-1.2", Version.TLSv1_2), ("name-tls-1.3", Version.TLSv1_3)):
        town.origins.add(name, server(right, version))
    town.origins.add("address", server(town.pair("address", ADDRESS)), host="127.0.0.1")
    town.origins.add("name-instead-of-address", server(right), host="127.0.0.1")
    uri = server(town.pair("uri", x509.UniformResourceIdentifier(SPIFFE)))
    town.origins.add("uri", uri, tls={"subjectAltName": f"URI:{SPIFFE}"})
    town.origins.add("wrong-uri", uri, tls={"subjectAltName": f"URI:{SPIFFE}/more"})
    town.origins.add("uri-instead-of-name", uri)
    wildcard = server(town.pair("wildcard", _dns("*.origin.test")))
    town.origins.add("wildcard-over-one-label", wildcard, tls={"serverName": "orders.origin.test"})
    town.origins.add("wildcard-over-two-labels", wildcard, tls={"serverName": "eu.orders.origin.test"})
    elsewhere = server(town.pair("elsewhere", _dns("elsewhere.test")))
    town.origins.add("server-name", elsewhere, tls={"serverName": "elsewhere.test"})
    town.origins.add("wrong-name", elsewhere)
    town.add("nul-in-name", _dns("localhost\0.elsewhere.test"))
    town.add("nul-at-the-end", _dns("localhost\0"))
    town.add("only-a-common-name", common_name="localhost")
    town.add("alert-in-name", _dns("TLSV1_ALERT_UNKNOWN_CA"))


def _trusted_otherwise(town: Town, revoked: KeyPair) -> None:
    town.add("expired", HERE, days=-1)
    town.add("not-yet-valid", HERE, starts=1)
    town.add("for-clients-only", HERE, usage=CLIENT_AUTH)
    town.add("authority-of-the-same-name", HERE, by=town.other)
    unknown = server(town.pair("unknown", HERE, by=town.clients))
    town.origins.add("wrong-authority", unknown)
    town.origins.add("unverified", unknown, tls={"unverified": "a test of what is not verified"})
    town.origins.add("self-signed", server(_self_signed(town.origins.home)))
    by_named = server(town.pair("by-named", HERE, by=town.named))
    town.origins.add("file", by_named, tls={"ca": str(town.named.roots)})
    for name, authority in (("stored", "stored"), ("private", PRIVATE), ("with-a-revocation-list", "with-a-list")):
        town.origins.add(name, by_named, tls={"ca": authority})
    town.origins.add("system-instead-of-named", by_named)
    town.origins.add("revoked", server(revoked), tls={"ca": "with-a-list"})
    town.origins.add("authority-not-delivered", by_named, tls={"ca": "not-delivered"})
    town.origins.add("authority-not-delivered-plain-origin", None, tls={"ca": "not-delivered"})


def _pinned(town: Town) -> None:
    right, other = town.pair("pinned", HERE, by=town.other), town.pair("other-name", _dns("elsewhere.test"))
    expired = town.pair("pinned-expired", HERE, days=-1)
    key, certificate = _pins(right)
    town.origins.add("pinned-key", server(right), tls={"pins": [key]})
    town.origins.add("pinned-certificate", server(right), tls={"pins": [certificate]})
    town.origins.add("pinned-key-of-another-name", server(other), tls={"pins": [key, _pins(other)[0]]})
    town.origins.add("pinned-key-of-an-expired-certificate", server(expired), tls={"pins": [_pins(expired)[0]]})
    town.origins.add("wrong-key", server(other), tls={"pins": [key]})
    town.origins.add("wrong-certificate", server(other), tls={"pins": [certificate]})


def _without_common_ground(town: Town, stack: ExitStack) -> None:
    right = town.pair("right", HERE)
    town.origins.add("tls-1.0", server(right, Version.TLSv1))
    town.origins.add("tls-1.1", server(right, Version.TLSv1_1))
    town.origins.add("minimum-1.3-origin-1.2", server(right, Version.TLSv1_2), tls={"minVersion": "1.3"})
    cbc = server(right, Version.TLSv1_2, ciphers="ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0")
    town.origins.add("weak-cipher", cbc)
    without = {
        "plaintext": plain_server(b"HTTP/1.1 400 Bad Request\r\n\r\n"),
        "hangs-up": plain_server(b""),
        "resets": plain_server(b"", reset=True),
        "silent": plain_server(None),
    }
    for name, serving in without.items():
        limit = {"connectTimeout": "200ms"} if name == "silent" else {}
        town.origins.declare(name, stack.enter_context(serving), **limit)
    town.origins.declare("nobody-there", 1)


def _that_demand_certificates(town: Town, revocations: Path, identities: Mapping[str, KeyPair]) -> None:
    right = town.pair("demanding", HERE)
    revocations.write_bytes(town.clients.revocations(identities["revoked-identity"]))

    def add(name: str, version: Version, **declared: Any) -> None:
        town.origins.add(name, demanding(server(right, version), town.clients, revocations), **declared)

    for number, version in VERSIONS.items():
        add(f"identity-tls-{number}", version, mtlsCertificate="right")
        add(f"no-certificate-{number}", version)
        for name in identities.keys() - {"right"}:
            add(f"{name}-{number}", version, mtlsCertificate=name)
    town.origins.add("identity-not-delivered", server(right), mtlsCertificate="not-delivered")
    town.origins.add("identity-not-delivered-plain-origin", None, mtlsCertificate="not-delivered")


def _identities(clients: Authority) -> dict[str, KeyPair]:
    stranger = Authority.create(clients.folder / "stranger", "Stranger")
    return {
        "right": clients.issue_client("right"),
        "unknown-authority": stranger.issue_client("unknown-authority"),
        "expired-identity": clients.issue_client("expired", days=-1),
        "identity-not-yet-valid": clients.issue_client("not-yet-valid", starts=1),
        "revoked-identity": clients.issue_client("revoked"),
        "identity-for-servers": clients.issue_client("for-servers", usage=SERVER_AUTH),
    }


def _self_signed(folder: Path) -> KeyPair:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - DAY).not_valid_after(now + DAY)
    signed = builder.add_extension(x509.SubjectAlternativeName([HERE]), False).sign(key, hashes.SHA256())
    pair = KeyPair(folder / "self-signed.crt", folder / "self-signed.key")
    pair.certificate.write_bytes(signed.public_bytes(Encoding.PEM))
    pair.key.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return pair


def _dns(name: str) -> x509.DNSName:
    return x509.DNSName(name)


def _pem(pair: KeyPair) -> PemKeyPair:
    return PemKeyPair(pair.certificate.read_text(), SecretValue(pair.key.read_text()))


def _pins(pair: KeyPair) -> tuple[str, str]:
    """The pins of the key and of the certificate."""
    certificate = x509.load_pem_x509_certificate(pair.certificate.read_bytes())
    key = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    of_key = base64.b64encode(hashlib.sha256(key).digest()).decode()
    return f"sha256/{of_key}", f"cert-sha256/{certificate.fingerprint(hashes.SHA256()).hex()}"


def test_no_origin_is_left_out(stand: Stand) -> None:
    theirs = {f"{name}-{number}" for name in THEY_REFUSE for number in VERSIONS}
    others = {*NOT_DELIVERED, "silent", "nobody-there"}
    assert stand.names == {*RIGHT, *WE_REFUSE, *NO_TLS, *HANGS_UP, *theirs, *others}


@pytest.mark.parametrize("name", RIGHT)
def test_the_right_origin_is_reached(stand: Stand, name: str) -> None:
    assert [stand.ask(name, method).status for method in METHODS] == [200, 200]
    assert [seen.method for seen in stand.origins[name].seen] == list(METHODS)


@pytest.mark.parametrize(("name", "why"), WE_REFUSE.items())
def test_we_refuse(stand: Stand, name: str, why: str) -> None:
    for method in METHODS:
        line = stand.refused(name, 502, "origin-certificate-refused", method)
        assert "CERTIFICATE_VERIFY_FAILED" in line["originFailure"]
        assert why in line["originFailure"]


@pytest.mark.parametrize(("name", "why"), NO_TLS.items())
def test_nothing_that_both_speak(stand: Stand, name: str, why: str) -> None:
    for method in METHODS:
        line = stand.refused(name, 502, "tls-failed", method)
        assert why in line["originFailure"]


@pytest.mark.parametrize(("name", "why"), HANGS_UP.items())
def test_they_hang_up_in_the_handshake(stand: Stand, name: str, why: str) -> None:
    for method in METHODS:
        line = stand.refused(name, 503, "origin-ended-connection", method)
        assert why in line["details"]


@pytest.mark.parametrize(("name", "why"), THEY_REFUSE.items())
def test_they_refuse(stand: Stand, name: str, why: str) -> None:
    for method in METHODS:
        line = stand.refused(f"{name}-1.2", 502, "client-certificate-refused", method)
        assert f"_ALERT_{why}" in line["originFailure"]


@pytest.mark.parametrize("name", THEY_REFUSE)
def test_they_refuse_after_the_handshake(stand: Stand, name: str) -> None:
    """In TLS 1.3 the client has finished before the server looks at its certificate (RFC 8446 section 2)."""
    for method, attempts in zip(METHODS, (3, 1), strict=True):
        line = stand.refused(f"{name}-1.3", 503, "origin-ended-connection", method)
        assert (line["attempts"], line["originConnection"] > 0) == (attempts, True)


@pytest.mark.parametrize("name", NOT_DELIVERED)
def test_what_is_not_delivered_lets_nothing_out(stand: Stand, name: str) -> None:
    line = stand.refused(name, 503, "credential-missing")
    assert "Secret_is_not_supplied_by_SDS" in line["originFailure"]


@pytest.mark.parametrize("name", ["silent", "nobody-there"])
def test_nobody_to_speak_to(stand: Stand, name: str) -> None:
    stand.refused(name, 503, "origin-unreachable")
