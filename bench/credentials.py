"""Certificates of one run: an authority, what origins and peers show, and what must be refused. All EC P-256."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path

from bench.job import ClientTLS
from wicketgate.pki.authority import Authority, create_root, issue
from wicketgate.pki.extensions import Purpose
from wicketgate.pki.key_pair import KeyPair
from wicketgate.pki.profile import LeafProfile

NAME = "origin.bench.test"
"""The name that peers verify."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A chain and its key as files."""

    certificate: Path
    key: Path


@dataclass(frozen=True, slots=True)
class Credentials:
    """`server` is right; `other_authority` is for the right name, `other_name` of the right authority."""

    root: Authority = field(repr=False)
    client: ClientTLS
    stranger: Shown
    """A client's certificate of another authority."""
    server: Shown
    other_authority: Shown
    other_name: Shown

    def issue_client(self, name: str) -> KeyPair:
        return issue(self.root, LeafProfile(name), now=time.time())


def make_credentials(folder: Path) -> Credentials:
    """Make two authorities and what they issue, in files of mode 0600; the keys live as long as the folder."""
    now = time.time()
    root, other = create_root("bench", now=now), create_root("another", now=now)

    def shown(name: str, authority: Authority, profile: LeafProfile) -> Shown:
        pair = issue(authority, profile, now=now)
        return Shown(_write(folder / f"{name}.crt", pair.chain_pem), _write(folder / f"{name}.key", pair.key.reveal()))

    right = LeafProfile(NAME, Purpose.SERVER, dns_names=(NAME,))
    wrong = LeafProfile("other", Purpose.SERVER, dns_names=("other.bench.test",))
    client = shown("client", root, LeafProfile("gateway"))
    trusted = _write(folder / "ca.crt", root.certificate.pem)
    return Credentials(
        root=root,
        client=ClientTLS(NAME, trusted, client.certificate, client.key),
        stranger=shown("stranger", other, LeafProfile("gateway")),
        server=shown("server", root, right),
        other_authority=shown("other-authority", other, right),
        other_name=shown("other-name", root, wrong),
    )


def _write(path: Path, text: str) -> Path:
    path.touch(mode=0o600, exist_ok=False)
    path.write_text(text)
    return path
