"""What routes use is there before them, and leaves after them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from wicketgate.xds.board import Board, Outcome
from wicketgate.xds.kinds import POLLED, Kind
from wicketgate.xds.publisher import Publisher
from wicketgate.xds.snapshot import Snapshot, VersionKey
from wicketgate.xds.subscription import Key

pytestmark = pytest.mark.anyio


def version_of(number: str) -> Snapshot:
    """A gateway whose route `gateway` uses the cluster `c<number>`, which uses the secret `s`."""
    key = VersionKey()
    names = {Kind.CLUSTERS: f"c{number}", Kind.SECRETS: "s", Kind.LISTENERS: "l", Kind.ROUTES: "gateway"}
    return Snapshot({kind: {name: key.resource(name, {"v": number})} for kind, name in names.items()})


class FakeEnvoy:
    """Asks for every kind as Envoy does and writes down what it gets, in order."""

    def __init__(self, board: Board, *, refuses: Kind | None = None) -> None:
        self.board = board
        self.refuses = refuses
        self.seen: list[tuple[Kind, tuple[str, ...]]] = []
        names = {Kind.ROUTES: ("gateway",)}
        self.polls = [asyncio.ensure_future(self._poll(Key("e", kind, names.get(kind, ())))) for kind in POLLED]
        self.polls.append(asyncio.ensure_future(self._stream()))

    async def _poll(self, key: Key) -> None:
        held = ""
        while True:
            offer = await self.board.poll(key, held, hold_seconds=5)
            if offer is None:
                continue
            self.board.offered(key, offer.version)
            self.seen.append((key.kind, tuple(item.body.decode() for item in offer.resources)))
            await asyncio.sleep(0.005)
            refused = self.refuses is key.kind and bool(held)
            held = held if refused else offer.version

    async def _stream(self) -> None:
        stream = self.board.open_stream("e")
        stream.ask(["s"], held={})
        while True:
            answer = await self.board.answer(stream)
            self.seen.append((Kind.SECRETS, (answer.resource.body.decode(),)))
            await asyncio.sleep(0.005)
            self.board.accepted(stream, answer.nonce)

    async def holds_all(self) -> None:
        """Wait until it has accepted what is published, then forget what it has seen."""
        async with asyncio.timeout(2):
            while len(self.seen) < len(Kind) or not self.board.outcome(frozenset(Kind)).accepted:
                await asyncio.sleep(0.005)
        self.seen.clear()

    def stop(self) -> None:
        for poll in self.polls:
            poll.cancel()


async def at_once() -> None:
    return None


async def changed(
    refuses: Kind | None = None, warmed: Callable[[], Awaitable[None]] = at_once
) -> tuple[Publisher, Board, FakeEnvoy, Outcome]:
    board = Board()
    publisher = Publisher(board, warmed=warmed, answer_seconds=1, linger_seconds=0)
    await publisher.publish(version_of("1"))
    envoy = FakeEnvoy(board, refuses=refuses)
    await envoy.holds_all()
    publisher.prune()
    outcome = await publisher.publish(version_of("2"))
    await asyncio.sleep(0.02)
    return publisher, board, envoy, outcome


async def test_clusters_and_secrets_come_before_routes_and_listeners() -> None:
    _, _, envoy, outcome = await changed()
    envoy.stop()
    kinds = [kind for kind, _ in envoy.seen]
    assert outcome.accepted
    assert set(kinds[:2]) == {Kind.CLUSTERS, Kind.SECRETS}
    assert set(kinds[2:4]) == {Kind.ROUTES, Kind.LISTENERS}


async def test_the_older_cluster_stays_until_the_routes_have_left_it() -> None:
    publisher, board, envoy, _ = await changed()
    assert set(board.snapshot.of(Kind.CLUSTERS)) == {"c1", "c2"}
    publisher.prune()
    assert set(board.snapshot.of(Kind.CLUSTERS)) == {"c2"}
    envoy.stop()


async def test_a_cluster_lingers_for_the_requests_that_still_use_it() -> None:
    board = Board()
    publisher = Publisher(board, linger_seconds=60)
    await publisher.publish(version_of("1"))
    await publisher.publish(version_of("2"))
    publisher.prune()
    assert set(board.snapshot.of(Kind.CLUSTERS)) == {"c1", "c2"}


@pytest.mark.parametrize("kind", [Kind.CLUSTERS, Kind.ROUTES, Kind.LISTENERS])
async def test_a_refused_kind_puts_everything_back(kind: Kind) -> None:
    _, board, envoy, outcome = await changed(refuses=kind)
    envoy.stop()
    assert {item.key.kind for item in outcome.rejections} == {kind}
    assert board.snapshot.version == version_of("1").version


async def test_routes_wait_for_clusters_to_be_warm() -> None:
    moments: list[str] = []

    async def warmed() -> None:
        moments.append("warm")

    _, _, envoy, _ = await changed(warmed=warmed)
    envoy.stop()
    assert moments


async def test_a_change_of_secrets_alone_touches_nothing_else() -> None:
    board = Board()
    publisher = Publisher(board, answer_seconds=1)
    before = version_of("1")
    await publisher.publish(before)
    envoy = FakeEnvoy(board)
    await envoy.holds_all()
    assert (await publisher.publish(before.replaced([Kind.SECRETS], version_of("2")))).accepted
    envoy.stop()
    assert [kind for kind, _ in envoy.seen] == [Kind.SECRETS]
