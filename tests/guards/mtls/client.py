"""A caller with a certificate, and what came of it."""

from __future__ import annotations

import http.client
import socket
import ssl
from collections.abc import Sequence
from dataclasses import dataclass

from tests.support.certificates import KeyPair

Version = ssl.TLSVersion
BOTH = (Version.TLSv1_2, Version.TLSv1_3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How one attempt ended; `status` is None when the server ended it before any answer."""

    status: int | None
    body: bytes = b""
    resumed: bool = False
    session: ssl.SSLSession | None = None


def context(pair: KeyPair | None, version: Version | None = None) -> ssl.SSLContext:
    """A client that shows `pair`, speaks only `version`, and does not care who the server is."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.check_hostname = False
    made.verify_mode = ssl.CERT_NONE
    if version is not None:
        made.minimum_version = made.maximum_version = version
    if pair is not None:
        made.load_cert_chain(pair.certificate, pair.key)
    return made


def attempt(
    port: int,
    through: ssl.SSLContext,
    *,
    fields: Sequence[tuple[str, str]] = (),
    name: str | None = "origin.test",
    host: str | None = None,
    session: ssl.SSLSession | None = None,
) -> Outcome:
    """One GET on a new connection; `name` is the TLS server name, `host` the Host header."""
    try:
        with (
            socket.create_connection(("127.0.0.1", port), timeout=10) as raw,
            through.wrap_socket(raw, server_hostname=name, session=session) as tls,
        ):
            return _ask(tls, fields, host or name or "origin.test")
    except (ssl.SSLError, ConnectionError, http.client.BadStatusLine):
        return Outcome(status=None)


def _ask(tls: ssl.SSLSocket, fields: Sequence[tuple[str, str]], host: str) -> Outcome:
    lines = [f"{name}: {value}" for name, value in (("host", host), ("connection", "close"), *fields)]
    tls.sendall("\r\n".join(["GET /orders/1 HTTP/1.1", *lines, "", ""]).encode())
    response = http.client.HTTPResponse(tls)
    response.begin()
    body = response.read()
    return Outcome(status=response.status, body=body, resumed=bool(tls.session_reused), session=tls.session)
