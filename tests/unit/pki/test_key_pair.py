"""Chains with keys: every reason to refuse one says exactly what is wrong, and never quotes the key."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID

from tests.unit.pki.making import LEAF, Made, authority, make
from wicketgate.pki.errors import BadCertificateError
from wicketgate.pki.extensions import Purpose
from wicketgate.pki.key_pair import KeyPair, parse_key_pair
from wicketgate.secret_value import SecretValue

ROOT = authority("Root")
MIDDLE = authority("Middle", ROOT)
LOWER = authority("Lower", MIDDLE)
TIP = make("leaf", LEAF, issuer=LOWER)
STRANGER = authority("Stranger")


def parse(*chain: Made, key: bytes | None = None, **options: Any) -> KeyPair:
    pem = b"".join(each.pem for each in chain)
    return parse_key_pair(pem, key if key is not None else chain[0].key_pem, source="NAME", **options)


def refusal(*chain: Made, key: bytes | None = None, **options: Any) -> str:
    with pytest.raises(BadCertificateError) as caught:
        parse(*chain, key=key, **options)
    assert caught.value.message.startswith("NAME: ")
    assert caught.value.hint
    assert caught.value.__cause__ is None
    return caught.value.message


def test_a_chain_and_its_key() -> None:
    pair = parse(TIP, LOWER, MIDDLE, ROOT)
    assert [each.subject for each in pair.chain] == ["CN=leaf", "CN=Lower", "CN=Middle", "CN=Root"]
    assert pair.leaf is pair.chain[0]
    assert pair.chain_pem.encode() == TIP.pem + LOWER.pem + MIDDLE.pem + ROOT.pem
    assert pair.key.reveal().encode() == TIP.key_pem


def test_the_key_does_not_show() -> None:
    pair = parse(TIP)
    line = pair.key.reveal().splitlines()[1]
    assert line not in repr(pair)
    assert "PRIVATE" not in repr(pair)


@pytest.mark.parametrize(
    "key",
    [ec.generate_private_key(ec.SECP256R1()), rsa.generate_private_key(65537, 2048)],
    ids=["SEC 1", "PKCS #1"],
)
def test_older_forms_of_keys(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> None:
    made = make("leaf", LEAF, key=key)
    older = made.written(PrivateFormat.TraditionalOpenSSL)
    assert parse(made, key=older).key.reveal().encode() == made.key_pem
    encrypted = made.written(PrivateFormat.TraditionalOpenSSL, "tr0ub4dor")
    assert parse(made, key=encrypted, passphrase=SecretValue("tr0ub4dor")).key.reveal().encode() == made.key_pem
    assert "encrypted and no passphrase was given" in refusal(made, key=encrypted)


def test_what_stands_beside_the_key_is_passed_over() -> None:
    parameters = b"-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n"
    key = b"\xef\xbb\xbf" + (parameters + TIP.key_pem + TIP.pem).replace(b"\n", b"\r\n")
    pair = parse(TIP, key=key)
    assert pair.key.reveal().encode() == TIP.key_pem


def test_one_file_with_both() -> None:
    both = TIP.key_pem + TIP.pem
    pair = parse_key_pair(both, both, source="NAME")
    assert pair.chain_pem.encode() == TIP.pem


def test_encrypted_keys() -> None:
    encrypted = TIP.written(PrivateFormat.PKCS8, "tr0ub4dor")
    assert parse(TIP, key=encrypted, passphrase=SecretValue("tr0ub4dor")).key.reveal().encode() == TIP.key_pem
    assert refusal(TIP, key=encrypted) == "NAME: the private key is encrypted and no passphrase was given"
    wrong = refusal(TIP, key=encrypted, passphrase=SecretValue("tr0ub4dog"))
    assert wrong == "NAME: the passphrase does not open the private key"
    assert parse(TIP, passphrase=SecretValue("not needed")).leaf.subject == "CN=leaf"


def test_not_a_private_key() -> None:
    public = TIP.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    assert refusal(TIP, key=TIP.pem) == "NAME: there is a certificate where the private key belongs"
    assert refusal(TIP, key=public) == "NAME: this is a public key, not a private key"
    assert refusal(TIP, key=TIP.key_pem + LOWER.key_pem) == "NAME: there are 2 private keys in the file"
    assert refusal(TIP, key=TIP.key_pem[:-30]).startswith("NAME: private key: a PRIVATE KEY block has no line")
    der = TIP.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    assert refusal(TIP, key=der) == "NAME: private key: this is DER, not PEM"
    assert refusal(TIP, key=b"") == "NAME: private key: the file is empty"
    parameters = b"-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n"
    assert refusal(TIP, key=parameters) == "NAME: there is no private key in it, only EC PARAMETERS"


def test_keys_of_other_kinds() -> None:
    other = dsa.generate_private_key(2048).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    assert refusal(TIP, key=other) == "NAME: TLS does not take a private key of this kind"
    openssh = b"-----BEGIN OPENSSH PRIVATE KEY-----\nbm90IG9uZQ==\n-----END OPENSSH PRIVATE KEY-----\n"
    assert refusal(TIP, key=openssh) == "NAME: this is an OpenSSH key"


def test_a_damaged_key_is_not_quoted() -> None:
    text = TIP.key_pem.replace(b"M", b"N", 1)
    message = refusal(TIP, key=text)
    assert message == "NAME: the private key cannot be read: it is damaged or of an unknown kind"


def test_swapped_files() -> None:
    with pytest.raises(BadCertificateError, match="a private key where the certificate belongs"):
        parse_key_pair(TIP.key_pem, TIP.pem, source="NAME")


def test_a_key_of_something_else() -> None:
    assert refusal(TIP, LOWER, key=STRANGER.key_pem) == (
        "NAME: the private key does not belong to the certificate (CN=leaf)"
    )


def test_the_leaf_stands_first() -> None:
    assert refusal(LOWER, TIP, key=TIP.key_pem) == (
        "NAME: the chain is out of order: certificate 2 (CN=leaf) belongs to the key and must stand first,"
        " but certificate 1 is CN=Lower"
    )


def test_issuers_follow_in_order() -> None:
    assert refusal(TIP, MIDDLE, LOWER) == (
        "NAME: the chain is out of order: certificate 1 (CN=leaf) is signed by certificate 3 (CN=Lower),"
        " but certificate 2 (CN=Middle) follows it"
    )


def test_a_certificate_that_signed_nothing() -> None:
    assert refusal(TIP, LOWER, STRANGER) == (
        "NAME: certificate 3 (CN=Stranger) did not sign certificate 2 (CN=Lower), whose issuer is CN=Middle"
    )
    assert refusal(TIP, TIP) == "NAME: certificate 2 (CN=leaf) is there twice"
    assert refusal(TIP, LOWER, MIDDLE, ROOT, ROOT) == "NAME: certificate 5 (CN=Root) is there twice"


def test_the_name_of_the_issuer_is_not_enough() -> None:
    assert refusal(TIP, authority("Lower", MIDDLE)) == (
        "NAME: certificate 2 (CN=Lower) has the name of the issuer of certificate 1 (CN=leaf),"
        " but its key did not sign it"
    )


def test_an_issuer_that_is_no_authority() -> None:
    above = make("above", LEAF)
    below = make("below", LEAF, issuer=above)
    assert refusal(below, above) == (
        "NAME: certificate 2 (CN=above) signs the one before it, but is not a CA certificate"
    )


def test_an_authority_is_no_leaf() -> None:
    assert refusal(ROOT, purpose=Purpose.CLIENT) == (
        "NAME: the certificate (CN=Root) is a CA certificate, which does not prove who a client is"
    )
    assert "is a CA certificate" in refusal(ROOT)


@pytest.mark.parametrize(
    ("usage", "fits"),
    [
        (ExtendedKeyUsageOID.CLIENT_AUTH, {Purpose.CLIENT}),
        (ExtendedKeyUsageOID.SERVER_AUTH, {Purpose.SERVER}),
        (ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE, {Purpose.CLIENT, Purpose.SERVER}),
    ],
)
@pytest.mark.parametrize("purpose", Purpose)
def test_purpose(usage: x509.ObjectIdentifier, fits: set[Purpose], purpose: Purpose) -> None:
    made = make("leaf", LEAF, x509.ExtendedKeyUsage([usage]))
    assert parse(made)
    if purpose in fits:
        assert parse(made, purpose=purpose)
    else:
        assert refusal(made, purpose=purpose) == (
            f"NAME: the certificate (CN=leaf) is not for a TLS {purpose}: its extendedKeyUsage has no {purpose}Auth"
        )


def test_a_key_usage_without_signatures() -> None:
    usage = x509.KeyUsage(False, False, True, False, False, False, False, False, False)
    assert "its keyUsage has no digitalSignature" in refusal(make("leaf", LEAF, usage))


def test_ed25519() -> None:
    made = make("leaf", LEAF, key=ed25519.Ed25519PrivateKey.generate())
    assert parse(made).leaf.key_type == "Ed25519"
