"""What a WSGI application gets behind the signature guard, by a real server: what was checked, no more."""

from __future__ import annotations

import hashlib
import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler
from wsgiref.simple_server import make_server as make_plain_server

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from werkzeug.serving import make_server

from tests.guards.stands.frameworks import SIGNED
from wicketgate_guard import GuardConfigurationError, SignatureGuard, SignatureGuardWSGI

SECRET = "the-secret-that-signs-requests"
FLASK = next(each for each in SIGNED if each.name == "flask")
CHUNKED = b"3\r\nabc\r\n0\r\n\r\n"
_ids = iter(range(1_000_000))


def _application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    body = environ["wsgi.input"].read()
    start_response("200 OK", [("content-length", str(len(body)))])
    return [body]


def _guarded() -> SignatureGuardWSGI:
    return SignatureGuardWSGI(_application, SignatureGuard(secrets={"gateway": SECRET}))


@contextmanager
def _serving(server: Any) -> Iterator[int]:
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with _serving(make_server("127.0.0.1", 0, _guarded())) as found:
        yield found


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_: object) -> None:
        """Tests are quiet."""


@pytest.fixture(scope="module")
def plain() -> Iterator[int]:
    """wsgiref, which Django's `runserver` is made of."""
    with _serving(make_plain_server("127.0.0.1", 0, _guarded(), handler_class=_Quiet)) as found:
        yield found


@pytest.fixture(scope="module")
def waitress_port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with FLASK(tmp_path_factory.mktemp("waitress"), mode="enforce", secrets=[SECRET]) as found:
        yield found


def _ask(port: int, method: str, *, signed: bytes = b"", more: bytes = b"", sent: bytes = b"", **also: str) -> bytes:
    fields = {
        "host": f"127.0.0.1:{port}",
        "x-amz-content-sha256": hashlib.sha256(signed).hexdigest(),
        "x-request-id": str(next(_ids)),
        **{name.replace("_", "-"): value for name, value in also.items()},
    }
    request = AWSRequest(method, f"http://127.0.0.1:{port}/x", headers=fields, data=signed)
    SigV4Auth(Credentials("gateway", SECRET), "wicketgate", "origin").add_auth(request)
    fields = {name: value for name, value in request.headers.items() if f"{name}: ".encode() not in more}
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items()).encode()
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(f"{method} /x HTTP/1.1\r\n".encode() + head + more + b"connection: close\r\n\r\n" + sent)
        with connection.makefile("rb") as stream:
            return stream.read()


def test_a_body_is_handed_on_however_it_comes(port: int) -> None:
    for more, sent in ((b"content-length: 3\r\n", b"abc"), (b"transfer-encoding: chunked\r\n", CHUNKED)):
        assert _ask(port, "POST", signed=b"abc", more=more, sent=sent).endswith(b"\r\n\r\nabc")
    assert b" 200 " in _ask(port, "GET")[:16]


def test_no_body_is_put_behind_a_signature_over_none(port: int) -> None:
    answer = _ask(port, "GET", signed=b"", more=b"transfer-encoding: chunked\r\n", sent=CHUNKED)
    assert b" 401 " in answer[:16]


def test_a_type_that_the_server_makes_up_harms_nobody(plain: int) -> None:
    assert b" 200 " in _ask(plain, "GET")[:16]
    assert b" 401 " in _ask(plain, "GET", more=b"content-type: text/html\r\n")[:16]


TWICE = b"x-two: 1\r\nx-two: 2\r\n"


def test_repeated_fields_are_signed_as_most_servers_join_them(port: int, plain: int, waitress_port: int) -> None:
    for each in (port, plain):
        assert b" 200 " in _ask(each, "GET", more=TWICE, x_two="1,2")[:16]
        assert b" 401 " in _ask(each, "GET", more=TWICE, x_two="1,3")[:16]
    # waitress puts a space between them, and what was signed cannot be told any more.
    assert b" 401 " in _ask(waitress_port, "GET", more=TWICE, x_two="1,2")[:16]
    assert b" 401 " not in _ask(waitress_port, "GET")[:16]


@pytest.mark.parametrize("text", ["\u00e0 la carte", "\u00c5ngstr\u00f6m", "a  b"])
def test_a_byte_of_utf8_is_not_white_space(port: int, text: str) -> None:
    assert b" 200 " in _ask(port, "GET", tenant=text)[:16]


@pytest.mark.parametrize("secret", [None, [None], [], "", b"x" * 32])
def test_an_unset_secret_is_said_in_our_own_words(secret: Any) -> None:
    with pytest.raises(GuardConfigurationError):
        SignatureGuard(secrets={"gateway": secret})


@pytest.mark.parametrize("times", [{"window": float("nan")}, {"window": 0}, {"ahead": -1}])
def test_a_window_that_never_ends_is_refused(times: dict[str, float]) -> None:
    with pytest.raises(GuardConfigurationError):
        SignatureGuard(secrets={"gateway": SECRET}, **times)  # type: ignore[arg-type]
