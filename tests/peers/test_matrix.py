"""Every certificate at every server: the real Envoy before the real server, which lets in one gateway and nobody else.

Where a server says it in HTTP its own 401 passes. Where it ends TLS, the caller is told which side refused.
"""

from __future__ import annotations

import pytest

from tests.guards.mtls.credentials import Credentials
from tests.peers.conftest import PEERS, Peer

ACCEPTED = ("right", "right-among-others", "right-from-the-root", "right-with-a-last-byte-of-zero")
BY_TLS = (
    "none",
    "other-ca-of-the-same-name",
    "unknown-ca",
    "expired",
    "not-yet-valid",
    "for-servers-only",
    "signed-by-a-sibling",
    "revoked",
)
BY_NAME = (
    "sibling",
    "no-name",
    "name-in-subject",
    "name-and-more",
    "name-cut-off",
    "more-and-name",
    "nul-in-name",
    "name-as-dns",
    "other-case",
    "name-inside-a-name",
)
CHAIN_CHECKED_AFTER_TLS = ("nginx",)
NAME_CHECKED_BY_TLS = ("envoy",)
NAME_CHECKED_BEHIND_TLS = ("hypercorn", "node", "uvicorn")
"""These end a connection without a word, node that of a wrong chain too."""
READS_NO_LISTS = ("caddy",)
"""Caddy knows no revocation lists: there, what is revoked gets in until it ends."""

TOLD_BY_THE_ORIGIN = (401, "")
REFUSED_BY_ALERT = (502, "client-certificate-refused")
NOT_READ = (502, "tls-failed")
ENDED = (503, "origin-ended-connection")


def test_the_matrix_has_every_credential(credentials: Credentials) -> None:
    assert set(ACCEPTED) == set(credentials.accepted)
    assert {*BY_TLS, *BY_NAME} == {*credentials.refused, "revoked"}


@pytest.mark.parametrize("name", ACCEPTED)
def test_lets_in(peer: Peer, name: str) -> None:
    assert _outcome(peer, name) == (200, "")


@pytest.mark.parametrize("name", BY_TLS)
def test_refuses_what_it_does_not_trust(peer: Peer, name: str) -> None:
    if name == "revoked" and peer.name in READS_NO_LISTS:
        expected = (200, "")
    elif peer.name in CHAIN_CHECKED_AFTER_TLS:
        expected = TOLD_BY_THE_ORIGIN
    elif peer.name == "node" and name != "none":
        expected = ENDED
    else:
        expected = _ended_by_tls(peer)
    assert _outcome(peer, name) == expected


@pytest.mark.parametrize("name", BY_NAME)
def test_refuses_every_other_name(peer: Peer, name: str) -> None:
    if peer.name == "caddy" and name == "nul-in-name":
        # Go does not even read such a certificate.
        expected = NOT_READ if peer.version == "1.2" else ENDED
    elif peer.name in NAME_CHECKED_BY_TLS:
        expected = _ended_by_tls(peer)
    elif peer.name in NAME_CHECKED_BEHIND_TLS:
        expected = ENDED
    else:
        expected = TOLD_BY_THE_ORIGIN
    assert _outcome(peer, name) == expected


def test_every_server_is_in_the_matrix() -> None:
    assert {name for name, _ in PEERS} >= {"nginx", "apache", "haproxy", "caddy", "node", "uvicorn", "hypercorn"}


def _ended_by_tls(peer: Peer) -> tuple[int, str]:
    """Only in TLS 1.2 is a client's certificate looked at within the handshake."""
    return REFUSED_BY_ALERT if peer.version == "1.2" else ENDED


def _outcome(peer: Peer, name: str) -> tuple[int, str]:
    """The status, and the gateway's code if the answer is the gateway's."""
    answer = peer.gateway.get(f"/{name}")
    assert (b'"names"' in answer.body) == (answer.status == 200)
    ours = answer.all("zp-rid") and answer.status != 200
    return answer.status, answer.json().get("code", "") if ours else ""
