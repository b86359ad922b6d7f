"""A provider is verified by the authorities that are in the file now."""

from __future__ import annotations

import asyncio
import os
import ssl
from pathlib import Path

import pytest

from tests.support.certificates import Authority
from tests.support.origin import OK, RecordingOrigin
from wicketgate.broker.provider_http import Endpoint, send
from wicketgate.broker.source import ProviderError


def _ask(url: str, roots: Path) -> int:
    return asyncio.run(send(Endpoint(url, roots), "GET", b"", headers={})).status


def test_a_changed_file_of_authorities_counts_at_once(tmp_path: Path) -> None:
    ours, other = Authority.create(tmp_path / "ours"), Authority.create(tmp_path / "other")
    pair = ours.issue("127.0.0.1")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.certificate, pair.key)
    roots = tmp_path / "roots.pem"
    roots.write_bytes(other.roots.read_bytes())
    os.utime(roots, (1, 1))
    with RecordingOrigin(reply=lambda _: OK, tls=context) as provider:
        with pytest.raises(ProviderError, match="certificate verify failed"):
            _ask(provider.url, roots)
        roots.write_bytes(ours.roots.read_bytes())
        assert _ask(provider.url, roots) == 200
    roots.unlink()
    with pytest.raises(ProviderError, match="No such file"):
        _ask("https://127.0.0.1:1/", roots)
