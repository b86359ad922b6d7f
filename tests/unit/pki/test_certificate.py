"""Certificates: what is read from them, and every reason to refuse one."""

from __future__ import annotations

import base64
import contextlib
import ipaddress
import ssl
import subprocess
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import cast

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes, PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, pkcs12
from cryptography.x509.oid import ExtendedKeyUsageOID
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.pki.making import AUTHORITY, DAY, LEAF, NOW, authority, make, names
from wicketgate.pki.certificate import Certificate, parse_authorities, parse_certificates, validity_problem
from wicketgate.pki.errors import BadCertificateError
from wicketgate.pki.extensions import Purpose

# The root "ISRG Root X2" of Let's Encrypt, whose facts below are published by its authority.
ISRG_ROOT_X2 = b"""\
-----BEGIN CERTIFICATE-----
MIICGzCCAaGgAwIBAgIQQdKd0XLq7qeAwSxs6S+HUjAKBggqhkjOPQQDAzBPMQsw
CQYDVQQGEwJVUzEpMCcGA1UEChMgSW50ZXJuZXQgU2VjdXJpdHkgUmVzZWFyY2gg
R3JvdXAxFTATBgNVBAMTDElTUkcgUm9vdCBYMjAeFw0yMDA5MDQwMDAwMDBaFw00
MDA5MTcxNjAwMDBaME8xCzAJBgNVBAYTAlVTMSkwJwYDVQQKEyBJbnRlcm5ldCBT
ZWN1cml0eSBSZXNlYXJjaCBHcm91cDEVMBMGA1UEAxMMSVNSRyBSb290IFgyMHYw
EAYHKoZIzj0CAQYFK4EEACIDYgAEzZvVn4CDCuwJSvMWSj5cz3es3mcFDR0HttwW
+1qLFNvicWDEukWVEYmO6gbf9yoWHKS5xcUy4APgHoIYOIvXRdgKam7mAHf7AlF9
ItgKbppbd9/w+kHsOdx1ymgHDB/qo0IwQDAOBgNVHQ8BAf8EBAMCAQYwDwYDVR0T
AQH/BAUwAwEB/zAdBgNVHQ4EFgQUfEKWrt5LSDv6kviejM9ti6lyN5UwCgYIKoZI
zj0EAwMDaAAwZQIwe3lORlCEwkSHRhtFcP9Ymd70/aTSVaYgLXTWNLxBo1BfASdW
tL4ndQavEi51mI38AjEAi/V3bNTIZargCyzuFJ0nN6T5U6VR5CmD1/iQMVtCnwr1
/q4AaOeMSQ+2b1tbFfLn
-----END CERTIFICATE-----
"""


def refusal(pem: bytes) -> str:
    with pytest.raises(BadCertificateError) as caught:
        parse_certificates(pem, source="tls.crt")
    assert caught.value.message.startswith("tls.crt: ")
    assert caught.value.hint
    return f"{caught.value.message}\n{caught.value.hint}"


def test_published_facts() -> None:
    (root,) = parse_authorities(ISRG_ROOT_X2, source="x2.pem")
    assert root == Certificate(
        pem=ISRG_ROOT_X2.decode(),
        subject="CN=ISRG Root X2,O=Internet Security Research Group,C=US",
        issuer="CN=ISRG Root X2,O=Internet Security Research Group,C=US",
        serial="41d29dd172eaeea780c12c6ce92f8752",
        not_before=1599177600,
        not_after=2231510400,
        dns_names=(),
        uris=(),
        addresses=(),
        fingerprint="69729b8e15a86efc177a57afb7171dfc64add28c2fca8cf1507e34453ccb1470",
        is_authority=True,
        key_type="EC P-384",
        key_pin="sha256/diGVwiVYbubAI3RW4hB9xU8e/CH2GnkuvVFZE8zmgzI=",
        purposes=frozenset(Purpose),
    )


def test_names_are_sorted_by_kind() -> None:
    made = make(
        "leaf",
        names(
            x509.DNSName("a.example"),
            x509.UniformResourceIdentifier("spiffe://acme/gateway"),
            x509.IPAddress(ipaddress.ip_address("fd00::7")),
            x509.DNSName("*.b.example"),
        ),
    )
    (found,) = parse_certificates(made.pem, source="tls.crt")
    assert found.dns_names == ("a.example", "*.b.example")
    assert found.uris == ("spiffe://acme/gateway",)
    assert found.addresses == ("fd00::7",)


@pytest.mark.parametrize(
    ("usages", "expected"),
    [
        ((), {Purpose.CLIENT, Purpose.SERVER}),
        ((ExtendedKeyUsageOID.CLIENT_AUTH,), {Purpose.CLIENT}),
        ((ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.OCSP_SIGNING), {Purpose.SERVER}),
        ((ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE,), {Purpose.CLIENT, Purpose.SERVER}),
        ((ExtendedKeyUsageOID.CODE_SIGNING,), set()),
    ],
)
def test_purposes(usages: tuple[x509.ObjectIdentifier, ...], expected: set[Purpose]) -> None:
    made = make("leaf", x509.ExtendedKeyUsage(usages)) if usages else make("leaf")
    (found,) = parse_certificates(made.pem, source="tls.crt")
    assert found.purposes == expected


@pytest.mark.parametrize(
    "around",
    [
        lambda pem: b"\xef\xbb\xbf" + pem,
        lambda pem: pem.replace(b"\n", b"\r\n"),
        lambda pem: b"Certificate:\n    Data: caf\xe9\n" + pem + b"\nverify return:1\n",
        lambda pem: pem.rstrip(b"\n"),
    ],
    ids=["byte order mark", "CRLF", "openssl text", "no last line feed"],
)
def test_what_stands_around_the_block_does_not_matter(around: Callable[[bytes], bytes]) -> None:
    (found,) = parse_certificates(around(ISRG_ROOT_X2), source="tls.crt")
    assert found.pem == ISRG_ROOT_X2.decode()


def test_several_keep_their_order() -> None:
    first, second = authority("one"), authority("two")
    found = parse_certificates(second.pem + first.pem, source="tls.crt")
    assert [each.subject for each in found] == ["CN=two", "CN=one"]


def test_not_pem() -> None:
    made = make("leaf")
    assert "this is DER, not PEM\nconvert a certificate with `openssl x509 -inform der" in refusal(made.der)
    assert "the file is empty" in refusal(b" \r\n")
    assert "the file is UTF-16 text" in refusal("\ufeff-----BEGIN CERTIFICATE-----".encode("utf-16"))
    assert "no line that starts with -----BEGIN" in refusal(b"/etc/tls/tls.crt")


def test_pkcs12_is_told_from_der() -> None:
    made = make("leaf")
    assert isinstance(made.key, ec.EllipticCurvePrivateKey)
    box = pkcs12.serialize_key_and_certificates(
        b"leaf", made.key, made.certificate, None, serialization.BestAvailableEncryption(b"x")
    )
    assert "this is a PKCS #12 file (.p12, .pfx), not PEM" in refusal(box)


def test_damaged() -> None:
    made = make("leaf")
    assert "the CERTIFICATE block is damaged: it is not valid base64" in refusal(made.pem.replace(b"M", b"!", 1))
    assert "has no line -----END CERTIFICATE-----: the file is cut off" in refusal(made.pem[:-40])
    assert "the file is cut off" in refusal(made.pem[:-40] + b"\n" + made.pem)
    assert "it is damaged or has bytes after its end" in refusal(block(made.der[:-1]))


def test_bytes_after_the_certificate() -> None:
    assert "certificate 1 cannot be read: it is damaged or has bytes after its end" in refusal(
        block(make("leaf").der + b"\0")
    )


@given(st.binary(max_size=300))
def test_no_bytes_break_the_parser(data: bytes) -> None:
    refusal(data)
    refusal(block(data))


def test_a_name_that_is_no_text() -> None:
    """A common name as BIT STRING: the library raises TypeError, not ValueError."""
    der = ssl.PEM_cert_to_DER_cert(ISRG_ROOT_X2.decode())
    odd = der.replace(b"\x13\x0cISRG Root X2", b"\x03\x0cISRG Root X2")
    assert odd != der
    assert "certificate 1 cannot be read" in refusal(block(odd))


@given(st.integers(min_value=0), st.integers(min_value=1, max_value=255))
def test_a_changed_byte_is_read_or_refused(place: int, change: int) -> None:
    """Never another exception than `BadCertificateError`."""
    der = bytearray(DER)
    der[place % len(der)] ^= change
    with contextlib.suppress(BadCertificateError):
        (found,) = parse_certificates(block(bytes(der)), source="tls.crt")
        assert ssl.PEM_cert_to_DER_cert(found.pem) == bytes(der)


DER = make("leaf", LEAF, names(x509.DNSName("a.example")), x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH])).der


def test_other_things_than_certificates() -> None:
    made = make("leaf")
    assert "a private key where the certificate belongs" in refusal(made.key_pem)
    assert "this is a signing request" in refusal(block(b"x", "CERTIFICATE REQUEST"))
    assert "this is a PKCS #7 bundle" in refusal(block(b"x", "PKCS7"))
    assert "TRUSTED CERTIFICATE form" in refusal(block(b"x", "TRUSTED CERTIFICATE"))
    assert "no certificate in it, only X509 CRL" in refusal(block(b"x", "X509 CRL"))


@pytest.mark.parametrize(
    "name",
    [
        x509.DNSName("bank.example\0.evil.example"),
        x509.UniformResourceIdentifier("spiffe://acme/gateway\0/x"),
        x509.RFC822Name("a@b.example\0"),
        x509.DNSName("a.example\n"),
        # CVE-2025-66220: an otherName (here a UTF8String) with a NUL.
        x509.OtherName(x509.ObjectIdentifier("1.3.6.1.4.1.311.20.2.3"), b"\x0c\x03a\0b"),
        x509.DirectoryName(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "a\0b")])),
    ],
    ids=["dns", "uri", "mail", "line feed", "other", "directory"],
)
def test_control_characters_in_alternative_names(name: x509.GeneralName) -> None:
    text = refusal(make("leaf", names(x509.DNSName("a.example"), name)).pem)
    assert "has a NUL or another control character in its subject alternative name" in text


def test_control_characters_in_subject_and_issuer() -> None:
    assert "control character in its subject" in refusal(make("bank\0evil").pem)
    assert "control character in its issuer" in refusal(make("leaf", issuer_name="bank\0evil").pem)


def test_octets_of_another_name_that_are_no_text() -> None:
    number = x509.OtherName(x509.ObjectIdentifier("1.2.3"), b"\x02\x02\x01\x00")
    assert parse_certificates(make("leaf", names(number)).pem, source="tls.crt")


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        (rsa.generate_private_key(65537, 1024), "has a weak key (RSA 1024): RSA keys need 2048 bits or more"),  # noqa: S505
        (ec.generate_private_key(ec.SECP256K1()), "has a key on a curve that TLS peers do not take (EC secp256k1)"),
        (ec.generate_private_key(ec.SECP224R1()), "has a key on a curve that TLS peers do not take (EC secp224r1)"),
        (dsa.generate_private_key(2048), "has a DSA key: use EC, RSA or Ed25519"),
        (ed448.Ed448PrivateKey.generate(), "has a Ed448 key: use EC, RSA or Ed25519"),
    ],
)
def test_weak_keys(key: PrivateKeyTypes, expected: str) -> None:
    assert f"certificate 1 (CN=weak) {expected}" in refusal(signed_for(key))


@pytest.mark.parametrize(("serial", "expected"), [(0, "00"), (10, "0a"), (0x80, "80"), (0xABC, "0abc")])
def test_serials_have_whole_bytes(serial: int, expected: str) -> None:
    """As Envoy and `openssl x509 -serial` write them; 0 is what some public roots have."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pem = signed_for(ec.generate_private_key(ec.SECP256R1()), serial)
    (found,) = parse_certificates(pem, source="tls.crt")
    assert found.serial == expected


def test_an_identifier_with_the_serial_0() -> None:
    """As in a public root of Go Daddy and one of Starfield, whose identifiers name their own serial."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        identifier = x509.AuthorityKeyIdentifier(b"x", [x509.DNSName("a")], 0)
        pem = make("root", AUTHORITY, identifier).pem
    assert parse_authorities(pem, source="ca.pem")


@pytest.mark.parametrize("key", [ec.generate_private_key(curve()) for curve in (ec.SECP384R1, ec.SECP521R1)])
def test_strong_curves(key: ec.EllipticCurvePrivateKey) -> None:
    assert parse_certificates(make("leaf", key=key).pem, source="tls.crt")


@pytest.mark.parametrize("digest", ["sha1", "md5"])
def test_weak_signatures(digest: str, tmp_path: Path) -> None:
    leaf = openssl_certificate(tmp_path, digest, "basicConstraints=critical,CA:FALSE")
    assert f"has a weak signature ({digest.upper()}): SHA-256 or better is needed" in refusal(leaf)


def test_how_a_root_signs_itself_does_not_matter(tmp_path: Path) -> None:
    assert parse_authorities(openssl_certificate(tmp_path, "sha1", "basicConstraints=critical,CA:TRUE"), source="ca")


def test_dates_are_not_looked_at_when_parsing() -> None:
    (found,) = parse_certificates(make("leaf").pem, source="tls.crt")
    assert validity_problem(found, NOW - 1) == "is not valid before 2026-09-21 14:13 UTC"
    assert validity_problem(found, NOW) is None
    assert validity_problem(found, NOW + 90 * DAY) is None
    assert validity_problem(found, NOW + 90 * DAY + 1) == "expired on 2026-12-20 14:13 UTC"


def authority_refusal(pem: bytes) -> str:
    with pytest.raises(BadCertificateError) as caught:
        parse_authorities(pem, source="ca.pem")
    return f"{caught.value.message}\n{caught.value.hint}"


def test_bundle() -> None:
    one, two = authority("one"), authority("two")
    assert [each.subject for each in parse_authorities(one.pem + two.pem, source="ca.pem")] == ["CN=one", "CN=two"]


def test_bundle_refuses_what_is_not_an_authority() -> None:
    root = authority()
    text = authority_refusal(root.pem + make("leaf", LEAF, issuer=root).pem)
    assert (
        text == "ca.pem: certificate 2 (CN=leaf) is not a CA certificate\ngive the certificate of its issuer: CN=Root"
    )


def test_bundle_refuses_a_self_signed_certificate_without_constraints() -> None:
    made = make("old")
    (found,) = parse_certificates(made.pem, source="x")
    text = authority_refusal(made.pem)
    assert "certificate 1 (CN=old) signed itself and has no basicConstraints that say it is a CA" in text
    assert f'"pins": ["{found.key_pin}"]' in text
    assert "signed itself and is not a CA" in authority_refusal(make("old", LEAF).pem)


def test_bundle_refuses_an_authority_that_may_not_sign() -> None:
    usage = x509.KeyUsage(True, False, False, False, False, False, True, False, False)
    assert "may not sign certificates" in authority_refusal(make("root", AUTHORITY, usage).pem)


def test_bundle_refuses_a_private_key() -> None:
    root = authority()
    text = authority_refusal(root.pem + root.key_pem)
    assert "a private key in a file of CA certificates" in text
    assert "PRIVATE KEY" not in text


def block(der: bytes, label: str = "CERTIFICATE") -> bytes:
    return f"-----BEGIN {label}-----\n{base64.encodebytes(der).decode()}-----END {label}-----\n".encode()


def signed_for(key: PrivateKeyTypes, serial: int = 7) -> bytes:
    """A certificate whose key cannot or should not sign: an authority signs it."""
    root = authority()
    made = make("weak", issuer=root)
    builder = x509.CertificateBuilder(
        issuer_name=made.certificate.issuer,
        subject_name=made.certificate.subject,
        public_key=cast(CertificatePublicKeyTypes, key.public_key()),
        serial_number=serial,
        not_valid_before=made.certificate.not_valid_before_utc.replace(tzinfo=None),
        not_valid_after=made.certificate.not_valid_after_utc.replace(tzinfo=None),
    )
    return builder.sign(root.key, hashes.SHA256()).public_bytes(Encoding.PEM)


def openssl_certificate(folder: Path, digest: str, constraints: str) -> bytes:
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", f"-{digest}", "-subj", "/CN=old"]
    command += ["-keyout", str(folder / "key"), "-out", str(folder / "crt"), "-addext", constraints]
    subprocess.run(command, check=True, capture_output=True, timeout=30)
    return (folder / "crt").read_bytes()
