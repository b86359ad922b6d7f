"""https to an origin is always verified: authority, name, dates, version (threat D17)."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.proxy.conftest import Serve, forward
from tests.support.certificates import Authority, KeyPair
from tests.support.origin import RecordingOrigin

LOCALHOST, ADDRESS = "https://localhost", "https://127.0.0.1"


@contextmanager
def _https(pair: KeyPair, version: ssl.TLSVersion | None = None) -> Iterator[RecordingOrigin]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.certificate, pair.key)
    if version is not None:
        context.minimum_version = context.maximum_version = version
        context.set_ciphers("ALL:@SECLEVEL=0")
    with RecordingOrigin(tls=context) as origin:
        yield origin


def _status(serve: Serve, base: str, origin: RecordingOrigin, roots: Path) -> int:
    return serve({"/x": {"get": forward(f"{base}:{origin.port}")}}, roots=roots).get("/x").status


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize(("base", "name"), [(LOCALHOST, "localhost"), (ADDRESS, "127.0.0.1")])
def test_the_right_certificate_passes(
    serve: Serve, tmp_path: Path, base: str, name: str, version: ssl.TLSVersion
) -> None:
    authority = Authority.create(tmp_path / "ca")
    with _https(authority.issue(name), version) as origin:
        assert _status(serve, base, origin, authority.roots) == 200
        assert len(origin.seen) == 1


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1:DeprecationWarning")
@pytest.mark.parametrize("fault", ["wrong name", "wrong authority", "expired", "name instead of address", "TLS 1.1"])
def test_everything_else_is_refused(serve: Serve, tmp_path: Path, fault: str) -> None:
    trusted, other = Authority.create(tmp_path / "ca"), Authority.create(tmp_path / "other")
    base, version = LOCALHOST, None
    match fault:
        case "wrong name":
            pair = trusted.issue("other.example")
        case "wrong authority":
            pair = other.issue("localhost")
        case "expired":
            pair = trusted.issue("localhost", days=-1)
        case "name instead of address":
            pair, base = trusted.issue("localhost"), ADDRESS
        case _:
            pair, version = trusted.issue("localhost"), ssl.TLSVersion.TLSv1_1
    with _https(pair, version) as origin:
        assert _status(serve, base, origin, trusted.roots) == 503
        assert origin.seen == []


def test_plaintext_where_tls_should_be_is_refused(serve: Serve, tmp_path: Path, origin: RecordingOrigin) -> None:
    roots = Authority.create(tmp_path / "ca").roots
    assert _status(serve, LOCALHOST, origin, roots) == 503
