"""Pebble, a real ACME server, which asks for challenges on loopback."""

from __future__ import annotations

import json
import os
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.guards.stands.base import free_port
from tests.live.conftest import until
from tests.support.certificates import Authority

NAMES = ("gateway.example.test", "api.example.test")
EXTERNAL_KEY = "kid-1"
EXTERNAL_HMAC = "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W"


@dataclass(frozen=True)
class Pebble:
    """`trust` are the roots of its own server; challenges are asked for on `challenge_port`."""

    directory: str
    trust: Path
    challenge_port: int
    management: str

    def root(self) -> bytes:
        """Return the root of the certificates that it issues, PEM."""
        return httpx.get(f"{self.management}/roots/0", verify=_context(self.trust)).content


@contextmanager
def running_pebble(folder: Path, *, external_accounts: bool = False) -> Iterator[Pebble]:
    """Serve until the block ends. Each name leads to 127.0.0.1, and no order is refused at random."""
    folder.mkdir()
    authority = Authority.create(folder / "own")
    pair = authority.issue("localhost", "127.0.0.1")
    listen, management, challenge, dns = (free_port() for _ in range(4))
    settings = {
        "listenAddress": f"127.0.0.1:{listen}",
        "managementListenAddress": f"127.0.0.1:{management}",
        "certificate": str(pair.certificate),
        "privateKey": str(pair.key),
        "httpPort": challenge,
        "tlsPort": 1,
        "externalAccountBindingRequired": external_accounts,
        "externalAccountMACKeys": {EXTERNAL_KEY: EXTERNAL_HMAC},
    }
    (folder / "pebble.json").write_text(json.dumps({"pebble": settings}))
    names = ["pebble-challtestsrv", "-dns01", f"127.0.0.1:{dns}", "-defaultIPv4", "127.0.0.1", "-defaultIPv6", ""]
    names += ["-http01", "", "-https01", "", "-tlsalpn01", "", "-management", f"127.0.0.1:{free_port()}"]
    server = ["pebble", "-config", str(folder / "pebble.json"), "-dnsserver", f"127.0.0.1:{dns}"]
    plain = {**os.environ, "PEBBLE_VA_NOSLEEP": "1", "PEBBLE_WFE_NONCEREJECT": "0", "PEBBLE_AUTHZREUSE": "0"}
    with (folder / "log").open("wb") as log:
        processes = [subprocess.Popen(each, stdout=log, stderr=log, env=plain) for each in (names, server)]
    pebble = Pebble(f"https://127.0.0.1:{listen}/dir", authority.roots, challenge, f"https://127.0.0.1:{management}")
    try:
        until(lambda: _answers(pebble))
        yield pebble
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait(10)


@pytest.fixture
def pebble(tmp_path: Path) -> Iterator[Pebble]:
    with running_pebble(tmp_path / "pebble") as running:
        yield running


def _answers(pebble: Pebble) -> bool:
    try:
        return httpx.get(pebble.directory, verify=_context(pebble.trust)).is_success
    except httpx.HTTPError:
        return False


def _context(roots: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(roots))
