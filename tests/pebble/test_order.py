"""Ordering from a real ACME server, with a challenge server of the test's own."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.pebble.conftest import EXTERNAL_HMAC, EXTERNAL_KEY, NAMES, Pebble, running_pebble
from tests.support.certificates import Authority
from wicketgate.acme.errors import AcmeError
from wicketgate.acme.order import AcmeAuthority, ExternalAccount, new_account_key, order_certificate, renewal_time
from wicketgate.pki.certificate import parse_authorities, signed_by
from wicketgate.secret_value import SecretValue


@contextmanager
def _challenge_server(port: int) -> Iterator[dict[str, str]]:
    """Answer for the tokens of the dictionary that this yields."""
    answers: dict[str, str] = {}

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            token = self.path.removeprefix("/.well-known/acme-challenge/")
            body = answers.get(token, "").encode()
            self.send_response(200 if body else 404)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002, ARG002 - as the base has it
            return

    with ThreadingHTTPServer(("127.0.0.1", port), Answer) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield answers
        finally:
            server.shutdown()
            thread.join(5)


def _ignored(_: Mapping[str, str]) -> None:
    """Answer nothing."""


def _authority(pebble: Pebble, **more: object) -> AcmeAuthority:
    return AcmeAuthority(pebble.directory, pebble.trust, new_account_key(), email="ops@example.test", **more)  # type: ignore[arg-type]


def test_a_certificate_for_all_names(pebble: Pebble) -> None:
    with _challenge_server(pebble.challenge_port) as answers:
        pair = order_certificate(_authority(pebble), NAMES, answers.update)
    assert set(pair.leaf.dns_names) == set(NAMES)
    assert signed_by(pair.leaf, pair.chain[1]), "the chain is whole"
    (root,) = parse_authorities(pebble.root(), source="pebble")
    assert signed_by(pair.chain[-1], root)


def test_an_account_is_used_again(pebble: Pebble) -> None:
    authority = _authority(pebble)
    with _challenge_server(pebble.challenge_port) as answers:
        first = order_certificate(authority, NAMES[:1], answers.update)
        second = order_certificate(authority, NAMES[:1], answers.update)
    assert first.leaf.serial != second.leaf.serial
    assert first.leaf.key_pin != second.leaf.key_pin, "each certificate has a key of its own"


def test_a_name_that_does_not_lead_here_is_refused_in_the_authoritys_words(pebble: Pebble) -> None:
    with _challenge_server(pebble.challenge_port), pytest.raises(AcmeError) as refused:
        order_certificate(_authority(pebble), NAMES[:1], _ignored)
    assert NAMES[0] in refused.value.message
    assert "404" in refused.value.message
    assert "port 80" in refused.value.hint


def test_an_external_account(tmp_path: Path) -> None:
    with running_pebble(tmp_path / "pebble", external_accounts=True) as pebble:
        with pytest.raises(AcmeError) as refused:
            order_certificate(_authority(pebble), NAMES[:1], _ignored)
        assert "external_account" in refused.value.hint
        bound = ExternalAccount(EXTERNAL_KEY, SecretValue(EXTERNAL_HMAC))
        with _challenge_server(pebble.challenge_port) as answers:
            pair = order_certificate(_authority(pebble, external_account=bound), NAMES[:1], answers.update)
    assert pair.leaf.dns_names == NAMES[:1]
    assert EXTERNAL_HMAC not in repr(bound)


def test_the_authoritys_own_server_is_verified(pebble: Pebble, tmp_path: Path) -> None:
    other = Authority.create(tmp_path / "other").roots
    stranger = AcmeAuthority(pebble.directory, other, new_account_key())
    with pytest.raises(AcmeError, match="cannot talk to"):
        order_certificate(stranger, NAMES[:1], _ignored)


def test_an_authority_that_is_not_there(tmp_path: Path) -> None:
    nobody = AcmeAuthority("https://127.0.0.1:1/dir", Authority.create(tmp_path / "ca").roots, new_account_key())
    with pytest.raises(AcmeError, match="cannot talk to"):
        order_certificate(nobody, NAMES[:1], _ignored)
    with pytest.raises(AcmeError, match="cannot talk to"):
        renewal_time(nobody, Authority.create(tmp_path / "ca").roots.read_text())


@contextmanager
def _answering(body: bytes, folder: Path) -> Iterator[AcmeAuthority]:
    """Answer every request with the same JSON, as a server that is no ACME authority."""
    authority = Authority.create(folder / "own")
    pair = authority.issue("localhost", "127.0.0.1")

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002, ARG002 - as the base has it
            return

    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(pair.certificate, pair.key)
    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            address = f"https://127.0.0.1:{server.server_address[1]}/dir"
            yield AcmeAuthority(address, authority.roots, new_account_key())
        finally:
            server.shutdown()
            thread.join(5)


@pytest.mark.parametrize("body", [b"{}", b"[]", b'"words"', b'{"meta": 3}', b'{"newAccount": 3, "newNonce": 3}'])
def test_an_answer_that_makes_no_sense_is_an_error_with_words(body: bytes, tmp_path: Path) -> None:
    with _answering(body, tmp_path) as authority, pytest.raises(AcmeError) as refused:
        order_certificate(authority, NAMES[:1], _ignored)
    assert authority.directory in refused.value.message


def test_an_hmac_key_that_is_none(tmp_path: Path) -> None:
    with running_pebble(tmp_path / "pebble", external_accounts=True) as pebble:
        bound = ExternalAccount(EXTERNAL_KEY, SecretValue("no key"))
        with pytest.raises(AcmeError, match="is not base64url") as refused:
            order_certificate(_authority(pebble, external_account=bound), NAMES[:1], _ignored)
    assert "no key" not in f"{refused.value.message} {refused.value.hint}"
