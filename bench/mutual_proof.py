"""Before mutual TLS is measured: the origin refuses strangers, and each peer refuses the wrong origin."""

from __future__ import annotations

import http.client
import ssl
from dataclasses import replace
from pathlib import Path

from bench.http_probe import Answer, await_answer, served
from bench.job import Job
from bench.mutual_origin import MutualOrigin
from bench.peers.peer import Peer
from bench.processes import BenchError

_REFUSED_BY_ORIGIN = 400
"""nginx answers a handshake without a good certificate with this."""


def check_origin(origin: MutualOrigin) -> None:
    """Raise `BenchError` unless the origin demands a certificate of its authority, on each port that is measured."""
    client, stranger = origin.credentials.client, origin.credentials.stranger
    for port in (origin.kept, origin.fresh, origin.serial):
        for shown in (None, (stranger.certificate, stranger.key)):
            if (found := _status(origin, port, shown)) != _REFUSED_BY_ORIGIN:
                raise BenchError(f"the origin does not demand its certificates: {found} for {shown}")
        if (found := _status(origin, port, (client.certificate, client.key))) == _REFUSED_BY_ORIGIN:
            raise BenchError(f"the origin refuses the right certificate: {origin.complaints()}")


def check_peer(peer: Peer, job: Job, origin: MutualOrigin, path: str) -> None:
    """Raise `BenchError` unless the peer, configured as for the measurement, refuses both wrong origins.

    It must get as far as a connection and answer 5xx, and the origin must not see a request.
    """
    for name, port in (("another authority", origin.other_authority), ("another name", origin.other_name)):
        folder = job.folder.with_name(f"{job.folder.name}-{name.replace(' ', '-')}")
        folder.mkdir()
        before = origin.accepted()
        _await_refusal(peer, replace(job, origin_port=port, folder=folder), path, name)
        if origin.accepted() < before + 2:
            raise BenchError(f"{peer.name} never reached the origin with a certificate of {name}")
        if origin.strayed():
            raise BenchError(f"{peer.name} sent a request to an origin with a certificate of {name}")


def _await_refusal(peer: Peer, job: Job, path: str, name: str) -> None:
    def refused(answer: Answer) -> bool:
        if served(answer):
            raise BenchError(f"{peer.name} takes an origin with a certificate of {name}")
        return answer.status >= http.client.INTERNAL_SERVER_ERROR

    server = peer.start(job)
    try:
        await_answer(server, path, refused)
    finally:
        server.stop()


def _status(origin: MutualOrigin, port: int, shown: tuple[Path, Path] | None) -> int:
    context = ssl.create_default_context(cafile=str(origin.credentials.client.authority))
    # The address is dialled, so the name is left to the peers, which are what is being tested.
    context.check_hostname = False
    if shown is not None:
        context.load_cert_chain(*shown)
    connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=10, context=context)
    try:
        connection.request("GET", "/")
        return connection.getresponse().status
    finally:
        connection.close()
