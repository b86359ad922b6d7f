"""Several certificates on one listener: the name that a caller asks for chooses, and the first is for the rest."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from cryptography import x509

from tests.proxy.conftest import forward
from tests.support.certificates import Authority
from tests.support.gateway import Gateway, serving
from tests.support.known_certificates import KnownCertificates
from tests.support.project import write_project
from wicketgate.certificates import PemKeyPair
from wicketgate.secret_value import SecretValue

NAMES = ("first.example", "second.example", "stored.example", "*.many.example")
TOML = """
[[listeners]]
tls = { certificates = [
  { certificate = "first.crt", key = "first.key" },
  { certificate = "second.crt", key = "second.key" },
  { name = "stored" },
  { certificate = "many.crt", key = "many.key" },
] }
"""


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority.create(tmp_path_factory.mktemp("ca"))


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory, authority: Authority) -> Iterator[Gateway]:
    state = tmp_path_factory.mktemp("gateway")
    folder = write_project(state / "project", {"/x": {"get": forward("http://127.0.0.1:9")}}, toml=TOML)
    pairs = dict(zip(("first", "second", "stored", "many"), map(authority.issue, NAMES), strict=True))
    for label in ("first", "second", "many"):
        (folder / f"{label}.crt").write_bytes(pairs[label].certificate.read_bytes())
        (folder / f"{label}.key").write_bytes(pairs[label].key.read_bytes())
    stored = PemKeyPair(pairs["stored"].certificate.read_text(), SecretValue(pairs["stored"].key.read_text()))
    with serving(folder, state, certificates=KnownCertificates(pairs={"stored": stored})) as running:
        yield running


@contextmanager
def _connected(port: int, context: ssl.SSLContext, name: str | None) -> Iterator[ssl.SSLSocket]:
    with (
        socket.create_connection(("127.0.0.1", port), timeout=10) as plain,
        context.wrap_socket(plain, server_hostname=name) as connection,
    ):
        yield connection


def _shown(port: int, name: str | None) -> str:
    """Return the name in the certificate that a caller gets who asks for `name`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with _connected(port, context, name) as connection:
        der = connection.getpeercert(binary_form=True)
    assert der is not None
    names = x509.load_der_x509_certificate(der).extensions.get_extension_for_class(x509.SubjectAlternativeName)
    return str(names.value.get_values_for_type(x509.DNSName)[0])


@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        ("first.example", "first.example"),
        ("second.example", "second.example"),
        ("stored.example", "stored.example"),
        ("any.many.example", "*.many.example"),
        ("unknown.example", "first.example"),
        (None, "first.example"),
    ],
)
def test_the_name_asked_for_chooses(gateway: Gateway, asked: str | None, shown: str) -> None:
    assert _shown(gateway.envoy.port, asked) == shown


@pytest.mark.parametrize(
    ("cipher", "accepted"),
    [("ECDHE-ECDSA-AES128-GCM-SHA256", True), ("ECDHE-ECDSA-AES128-SHA", False), ("AES128-GCM-SHA256", False)],
)
def test_ciphers_of_tls_1_2(gateway: Gateway, authority: Authority, cipher: str, accepted: bool) -> None:
    context = ssl.create_default_context(cafile=str(authority.roots))
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(f"{cipher}:@SECLEVEL=0")
    if accepted:
        with _connected(gateway.envoy.port, context, "first.example") as connection:
            assert connection.version() == "TLSv1.2"
    else:
        with pytest.raises(ssl.SSLError), _connected(gateway.envoy.port, context, "first.example"):
            pass


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1:DeprecationWarning")
def test_tls_1_1_is_refused(gateway: Gateway) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.raises(ssl.SSLError), _connected(gateway.envoy.port, context, "first.example"):
        pass
