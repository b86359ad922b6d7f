"""The private authority: its profile, and its certificates and lists before `openssl verify` and in TLS."""

from __future__ import annotations

import datetime
import ssl
import subprocess
import time
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.pki.making import NOW, common_name
from wicketgate.pki.authority import (
    Authority,
    authority_identifier,
    create_intermediate,
    create_root,
    issue,
    parse_authority,
    sign_request,
)
from wicketgate.pki.certificate import Certificate, facts, parsed, signed_by
from wicketgate.pki.errors import BadCertificateError, CannotIssueError
from wicketgate.pki.extensions import Purpose
from wicketgate.pki.key_pair import KeyPair, parse_key_pair
from wicketgate.pki.private_key import KeyAlgorithm
from wicketgate.pki.profile import DAY, HOUR, LeafProfile, spiffe_id
from wicketgate.pki.revocation import Reason, Revocation, revocation_list

ID = spiffe_id("acme.example", "production", "billing")
CLIENT = LeafProfile("billing", dns_names=("gateway.acme.example",), addresses=("10.0.0.7", "fd00::7"), uris=(ID,))
SERVER = LeafProfile("origin", Purpose.SERVER, dns_names=("localhost",))

ROOT = create_root("Acme Root", now=NOW)
MIDDLE = create_intermediate(ROOT, "Acme Gateways", now=NOW)


def openssl_verify(
    folder: Path, pair: KeyPair, *options: str, root: Authority = ROOT, lists: tuple[str, ...] = (), at: float = NOW
) -> str:
    """Return "OK", or what OpenSSL said."""
    files = {"root": root.certificate.pem, "leaf": pair.leaf.pem, "above": "".join(c.pem for c in pair.chain[1:])}
    for name, text in files.items():
        (folder / name).write_text(text)
    command = ["openssl", "verify", "-x509_strict", "-attime", str(int(at)), "-CAfile", "root", *options]
    for count, text in enumerate(lists):
        (folder / f"list{count}").write_text(text)
        command += ["-CRLfile", f"list{count}"]
    command += ["-untrusted", "above", "leaf"] if len(pair.chain) > 1 else ["leaf"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=30, check=False)
    return "OK" if done.returncode == 0 else done.stderr


@pytest.mark.parametrize("algorithm", KeyAlgorithm)
def test_openssl_accepts_each_algorithm(algorithm: KeyAlgorithm, tmp_path: Path) -> None:
    root = create_root("Root", now=NOW, algorithm=algorithm)
    middle = create_intermediate(root, "Middle", now=NOW, algorithm=algorithm)
    client = issue(middle, CLIENT, now=NOW, algorithm=algorithm)
    lists = (revocation_list(root, [], number=1, now=NOW), revocation_list(middle, [], number=1, now=NOW))
    options = ("-purpose", "sslclient", "-crl_check_all")
    assert openssl_verify(tmp_path, client, *options, root=root, lists=lists) == "OK"


def test_openssl_tells_the_purposes_apart(tmp_path: Path) -> None:
    client, server = issue(MIDDLE, CLIENT, now=NOW), issue(MIDDLE, SERVER, now=NOW)
    assert openssl_verify(tmp_path, client, "-purpose", "sslclient") == "OK"
    assert openssl_verify(tmp_path, server, "-purpose", "sslserver", "-verify_hostname", "localhost") == "OK"
    assert "nsuitable certificate purpose" in openssl_verify(tmp_path, client, "-purpose", "sslserver")
    assert "nsuitable certificate purpose" in openssl_verify(tmp_path, server, "-purpose", "sslclient")


def test_openssl_sees_revoked_leaves_and_intermediates(tmp_path: Path) -> None:
    good, bad = issue(MIDDLE, CLIENT, now=NOW), issue(MIDDLE, CLIENT, now=NOW)
    revoked = revocation_list(MIDDLE, [Revocation(bad.leaf.serial, NOW, Reason.KEY_COMPROMISE)], number=2, now=NOW)
    roots = revocation_list(ROOT, [], number=1, now=NOW)
    assert openssl_verify(tmp_path, good, "-crl_check_all", lists=(roots, revoked)) == "OK"
    assert "certificate revoked" in openssl_verify(tmp_path, bad, "-crl_check_all", lists=(roots, revoked))
    middle = Revocation(MIDDLE.certificate.serial, NOW, Reason.AUTHORITY_COMPROMISE)
    roots = revocation_list(ROOT, [middle], number=2, now=NOW)
    assert "certificate revoked" in openssl_verify(tmp_path, good, "-crl_check_all", lists=(roots, revoked))


def test_openssl_sees_dates(tmp_path: Path) -> None:
    client = issue(MIDDLE, CLIENT, now=NOW)
    assert openssl_verify(tmp_path, client, at=NOW - 299) == "OK"
    assert "not yet valid" in openssl_verify(tmp_path, client, at=NOW - 301)
    assert openssl_verify(tmp_path, client, at=NOW + DAY - 1) == "OK"
    assert "has expired" in openssl_verify(tmp_path, client, at=NOW + DAY + 1)


def test_an_intermediate_of_an_intermediate_is_refused_by_us_and_by_peers(tmp_path: Path) -> None:
    with pytest.raises(CannotIssueError, match="an intermediate is signed by a root"):
        create_intermediate(MIDDLE, "Below", now=NOW)
    # The same, forged: a peer that honours pathLenConstraint 0 does not take what is below.
    key = MIDDLE.private_key()
    forger = Authority(create_root("Acme Gateways", now=NOW).certificate, MIDDLE.key)
    below = create_intermediate(forger, "Below", now=NOW)
    builder = x509.CertificateBuilder(
        issuer_name=common_name("Acme Gateways"),
        subject_name=common_name("Below"),
        public_key=below.private_key().public_key(),
        serial_number=7,
        not_valid_before=datetime.datetime.fromtimestamp(NOW, datetime.UTC).replace(tzinfo=None),
        not_valid_after=datetime.datetime.fromtimestamp(NOW + DAY, datetime.UTC).replace(tzinfo=None),
        extensions=[
            extension(below.certificate, x509.SubjectKeyIdentifier),
            extension(below.certificate, x509.BasicConstraints),
            extension(below.certificate, x509.KeyUsage),
            x509.Extension(x509.AuthorityKeyIdentifier.oid, False, authority_identifier(parsed(MIDDLE.certificate))),
        ],
    )
    forged = facts(builder.sign(key, hashes.SHA256()))
    pair = issue(Authority(forged, below.key), CLIENT, now=NOW)
    said = openssl_verify(tmp_path, KeyPair((pair.leaf, forged, MIDDLE.certificate), pair.key))
    assert "path length constraint exceeded" in said


def extension(certificate: Certificate, kind: type[x509.ExtensionType]) -> x509.Extension[x509.ExtensionType]:
    return parsed(certificate).extensions.get_extension_for_class(kind)


def usage(*flags: str) -> x509.KeyUsage:
    names = (
        "digital_signature",
        "content_commitment",
        "key_encipherment",
        "data_encipherment",
        "key_agreement",
        "key_cert_sign",
        "crl_sign",
        "encipher_only",
        "decipher_only",
    )
    return x509.KeyUsage(**{name: name in flags for name in names})


@pytest.mark.parametrize(
    ("profile", "eku"),
    [(CLIENT, ExtendedKeyUsageOID.CLIENT_AUTH), (SERVER, ExtendedKeyUsageOID.SERVER_AUTH)],
)
def test_profile_of_a_leaf(profile: LeafProfile, eku: x509.ObjectIdentifier) -> None:
    leaf = issue(MIDDLE, profile, now=NOW).leaf
    assert list(extension(leaf, x509.ExtendedKeyUsage).value) == [eku]  # type: ignore[call-overload]
    assert extension(leaf, x509.KeyUsage).value == usage("digital_signature")
    assert extension(leaf, x509.KeyUsage).critical
    assert extension(leaf, x509.BasicConstraints).value == x509.BasicConstraints(ca=False, path_length=None)
    own = x509.SubjectKeyIdentifier.from_public_key(parsed(leaf).public_key())
    assert extension(leaf, x509.SubjectKeyIdentifier).value == own
    assert (leaf.subject, leaf.issuer) == (f"CN={profile.common_name}", "CN=Acme Gateways")
    assert (leaf.dns_names, leaf.addresses, leaf.uris) == (profile.dns_names, profile.addresses, profile.uris)
    assert leaf.purposes == {profile.purpose}


def test_profile_of_the_authorities() -> None:
    for authority, path_length in ((ROOT, None), (MIDDLE, 0)):
        made = authority.certificate
        assert extension(made, x509.BasicConstraints).value == x509.BasicConstraints(ca=True, path_length=path_length)
        assert extension(made, x509.BasicConstraints).critical
        assert extension(made, x509.KeyUsage).value == usage("key_cert_sign", "crl_sign")
    assert (ROOT.is_root, MIDDLE.is_root) == (True, False)


def test_identifiers_link_the_chain() -> None:
    pair = issue(MIDDLE, CLIENT, now=NOW)
    for below, above in ((pair.leaf, MIDDLE.certificate), (MIDDLE.certificate, ROOT.certificate)):
        named = extension(below, x509.AuthorityKeyIdentifier).value
        own = extension(above, x509.SubjectKeyIdentifier).value
        assert isinstance(named, x509.AuthorityKeyIdentifier)
        assert isinstance(own, x509.SubjectKeyIdentifier)
        assert named.key_identifier == own.digest
        assert signed_by(below, above)


def test_the_chain_leaves_the_root_out() -> None:
    assert issue(MIDDLE, CLIENT, now=NOW).chain[1:] == (MIDDLE.certificate,)
    assert issue(ROOT, CLIENT, now=NOW).chain[1:] == ()


def test_serials_are_random_and_long() -> None:
    serials = [int(issue(MIDDLE, CLIENT, now=NOW).leaf.serial, 16) for _ in range(64)]
    assert len(set(serials)) == 64
    assert all(0 < serial < 2**159 for serial in serials)
    # 64 serials below 2^152 would be a chance of 2^-448.
    assert max(serials) > 2**152


@given(
    st.floats(min_value=-300, max_value=364 * DAY),
    st.floats(min_value=1, max_value=400 * DAY),
)
@settings(max_examples=50)
def test_a_leaf_lives_within_its_issuer(later: float, life: float) -> None:
    leaf = issue(MIDDLE, LeafProfile("x", life=life), now=NOW + later).leaf
    assert MIDDLE.certificate.not_before <= leaf.not_before <= NOW + later
    assert leaf.not_after <= MIDDLE.certificate.not_after
    assert leaf.not_after == int(min(NOW + later + life, MIDDLE.certificate.not_after))


def test_dates() -> None:
    leaf = issue(MIDDLE, CLIENT, now=NOW + HOUR + 0.75).leaf
    assert (leaf.not_before, leaf.not_after) == (NOW + 3600 - 300, NOW + 3600 + 86400)
    middle = create_intermediate(create_root("Short", now=NOW, life=DAY), "Middle", now=NOW)
    assert middle.certificate.not_after == NOW + 86400


@pytest.mark.parametrize(("offset", "words"), [(366 * DAY, "expired on"), (-HOUR, "is not valid before")])
def test_an_issuer_outside_its_dates_signs_nothing(offset: float, words: str) -> None:
    with pytest.raises(CannotIssueError, match=words):
        issue(MIDDLE, CLIENT, now=NOW + offset)


def test_an_intermediate_has_its_own_name() -> None:
    with pytest.raises(CannotIssueError, match="the root is called 'Acme Root' already"):
        create_intermediate(ROOT, "Acme Root", now=NOW)


def test_what_is_issued_can_be_imported() -> None:
    pair = issue(MIDDLE, CLIENT, now=NOW)
    assert pair == parse_key_pair(
        pair.chain_pem.encode(), pair.key.reveal().encode(), source="x", purpose=Purpose.CLIENT
    )


def test_a_kept_authority_is_whole() -> None:
    assert parse_authority(MIDDLE.certificate.pem, MIDDLE.key) == MIDDLE
    with pytest.raises(BadCertificateError, match="do not belong together"):
        parse_authority(MIDDLE.certificate.pem, ROOT.key)
    assert MIDDLE.key.reveal().splitlines()[1] not in repr(MIDDLE)


def request(
    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey, *extensions: x509.ExtensionType
) -> x509.CertificateSigningRequest:
    builder = x509.CertificateSigningRequestBuilder().subject_name(common_name("administrator"))
    for each in extensions:
        builder = builder.add_extension(each, critical=True)
    return builder.sign(key, hashes.SHA256())


def signing_refusal(pem: bytes) -> str:
    with pytest.raises(BadCertificateError) as caught:
        sign_request(MIDDLE, pem, CLIENT, now=NOW, source="agent.csr")
    return caught.value.message


def test_only_the_key_of_a_request_counts(tmp_path: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    wanted = (
        x509.BasicConstraints(ca=True, path_length=None),
        x509.SubjectAlternativeName([x509.DNSName("bank.example")]),
        x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]),
    )
    chain = sign_request(MIDDLE, request(key, *wanted).public_bytes(Encoding.PEM), CLIENT, now=NOW, source="agent.csr")
    leaf = chain[0]
    assert parsed(leaf).public_key() == key.public_key()
    assert (leaf.subject, leaf.dns_names, leaf.purposes) == (
        "CN=billing",
        CLIENT.dns_names,
        frozenset({Purpose.CLIENT}),
    )
    assert not leaf.is_authority
    assert chain[1:] == (MIDDLE.certificate,)
    assert openssl_verify(tmp_path, KeyPair(chain, MIDDLE.key), "-purpose", "sslclient") == "OK"


def test_a_request_proves_its_key() -> None:
    """Another's public key in one's own request: the signature is by the wrong key."""
    mine, theirs = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    form = (Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    der = request(mine).public_bytes(Encoding.DER)
    forged = der.replace(mine.public_key().public_bytes(*form), theirs.public_key().public_bytes(*form))
    assert forged != der
    pem = ssl.DER_cert_to_PEM_cert(forged).replace("CERTIFICATE", "CERTIFICATE REQUEST").encode()
    assert signing_refusal(pem) == "agent.csr: the request is not signed with the key that it holds"


def test_other_requests_that_are_refused() -> None:
    weak = rsa.generate_private_key(65537, 1024)  # noqa: S505
    assert "has a weak key (RSA 1024)" in signing_refusal(request(weak).public_bytes(Encoding.PEM))
    good = request(ec.generate_private_key(ec.SECP256R1()))
    assert "this is DER" in signing_refusal(good.public_bytes(Encoding.DER))
    pem = good.public_bytes(Encoding.PEM)
    assert signing_refusal(pem + pem) == "agent.csr: one signing request is needed, there are 2"
    assert "one signing request is needed, there are 0" in signing_refusal(MIDDLE.certificate.pem.encode())
    assert "a private key beside the request" in signing_refusal(pem + MIDDLE.key.reveal().encode())
    longer = ssl.DER_cert_to_PEM_cert(good.public_bytes(Encoding.DER) + b"\0")
    assert "bytes after its end" in signing_refusal(longer.replace("CERTIFICATE", "CERTIFICATE REQUEST").encode())


def test_lists() -> None:
    entries = [Revocation("0abc", NOW - 60, reason) for reason in Reason]
    pem = revocation_list(MIDDLE, entries, number=41, now=NOW, life=DAY)
    found = x509.load_pem_x509_crl(pem.encode())
    assert found.issuer == parsed(MIDDLE.certificate).subject
    assert found.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number == 41
    named = found.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value
    own = extension(MIDDLE.certificate, x509.SubjectKeyIdentifier).value
    assert isinstance(own, x509.SubjectKeyIdentifier)
    assert named.key_identifier == own.digest
    assert (found.last_update_utc.timestamp(), found.next_update_utc and found.next_update_utc.timestamp()) == (
        NOW,
        NOW + DAY,
    )
    assert [each.serial_number for each in found] == [0xABC] * len(Reason)
    assert {each.revocation_date_utc.timestamp() for each in found} == {NOW - 60}
    given_reasons = [[each.value.reason.value for each in entry.extensions] for entry in found]
    # RFC 5280 section 5.3.1: left out rather than "unspecified".
    assert given_reasons == [[] if reason is Reason.UNSPECIFIED else [str(reason)] for reason in Reason]


@pytest.mark.parametrize("algorithm", [KeyAlgorithm.EC_P256, KeyAlgorithm.RSA_2048, KeyAlgorithm.ED25519])
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_mutual_tls(algorithm: KeyAlgorithm, version: ssl.TLSVersion, tmp_path: Path) -> None:
    now = time.time()
    root = create_root("Root", now=now, algorithm=algorithm)
    middle = create_intermediate(root, "Middle", now=now, algorithm=algorithm)
    server = context(tmp_path, issue(middle, SERVER, now=now, algorithm=algorithm), root, server=True)
    client = context(tmp_path, issue(middle, CLIENT, now=now, algorithm=algorithm), root, server=False)
    server.minimum_version = server.maximum_version = version
    seen = handshake(client, server)
    assert seen["subjectAltName"] == (
        ("DNS", "gateway.acme.example"),
        ("IP Address", "10.0.0.7"),
        ("IP Address", "FD00:0:0:0:0:0:0:7"),
        ("URI", "spiffe://acme.example/gateway/production/origin/billing"),
    )


def test_a_server_certificate_does_not_pass_for_a_client(tmp_path: Path) -> None:
    now = time.time()
    root = create_root("Root", now=now)
    middle = create_intermediate(root, "Middle", now=now)
    server = context(tmp_path, issue(middle, SERVER, now=now), root, server=True)
    with pytest.raises(ssl.SSLError, match="unsuitable certificate purpose"):
        handshake(context(tmp_path, issue(middle, SERVER, now=now), root, server=False), server)


def context(folder: Path, pair: KeyPair, root: Authority, *, server: bool) -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if server else ssl.PROTOCOL_TLS_CLIENT)
    made.verify_flags |= ssl.VERIFY_X509_STRICT
    made.verify_mode = ssl.CERT_REQUIRED
    made.load_verify_locations(cadata=root.certificate.pem)
    (folder / "tls.crt").write_text(pair.chain_pem)
    (folder / "tls.key").write_text(pair.key.reveal())
    made.load_cert_chain(folder / "tls.crt", folder / "tls.key")
    return made


def handshake(client: ssl.SSLContext, server: ssl.SSLContext) -> dict[str, object]:
    """Return the client's certificate as the server sees it. Raises ssl.SSLError."""
    upward, downward = ssl.MemoryBIO(), ssl.MemoryBIO()
    near = client.wrap_bio(downward, upward, server_hostname="localhost")
    far = server.wrap_bio(upward, downward, server_side=True)
    waiting = {near, far}
    for _ in range(8):
        for side in tuple(waiting):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
            waiting.discard(side)
    assert not waiting
    found = far.getpeercert()
    assert found is not None
    return dict(found)
