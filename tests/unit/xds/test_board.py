"""Polls are held until there is news; a repeated old version is a refusal."""

from __future__ import annotations

import asyncio

import pytest

from wicketgate.xds.board import Board
from wicketgate.xds.kinds import Kind
from wicketgate.xds.refusal import RETRY_FIRST_SECONDS
from wicketgate.xds.snapshot import Offer, Snapshot, VersionKey
from wicketgate.xds.stream import Answer, Stream
from wicketgate.xds.subscription import Key

pytestmark = pytest.mark.anyio

CLUSTERS = Key("envoy-1", Kind.CLUSTERS)
SHORT = 0.05


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def snapshot(clusters: str = "1", secret: str = "1") -> Snapshot:
    key = VersionKey()
    return Snapshot(
        {
            Kind.CLUSTERS: {"c": key.resource("c", {"name": "c", "v": clusters})},
            Kind.SECRETS: {"s": key.resource("s", {"name": "s", "v": secret})},
        }
    )


async def taken(board: Board, key: Key, held: str = "") -> Offer:
    """Poll as Envoy does and note the answer as sent."""
    offer = await board.poll(key, held, hold_seconds=SHORT)
    assert offer is not None
    board.offered(key, offer.version)
    return offer


async def test_a_poll_is_answered_at_once_when_envoy_has_nothing() -> None:
    board = Board()
    board.publish(snapshot())
    assert (await taken(board, CLUSTERS)).resources[0].name == "c"


async def test_a_poll_of_the_current_version_is_held_until_it_changes() -> None:
    board = Board()
    board.publish(snapshot())
    version = (await taken(board, CLUSTERS)).version
    poll = asyncio.ensure_future(board.poll(CLUSTERS, version, hold_seconds=5))
    await asyncio.sleep(SHORT)
    assert not poll.done()
    board.publish(snapshot(clusters="2"))
    offer = await asyncio.wait_for(poll, 1)
    assert offer is not None
    assert offer.version != version


async def test_a_change_of_another_kind_does_not_end_the_poll() -> None:
    board = Board()
    board.publish(snapshot())
    version = (await taken(board, CLUSTERS)).version
    poll = asyncio.ensure_future(board.poll(CLUSTERS, version, hold_seconds=4 * SHORT))
    await asyncio.sleep(SHORT)
    board.publish(snapshot(secret="2"))
    await asyncio.sleep(SHORT)
    assert not poll.done()
    assert await poll is None


async def test_a_version_that_envoy_holds_is_not_sent_again_after_a_restart_of_ours() -> None:
    first, second = Board(), Board()
    first.publish(snapshot())
    version = (await taken(first, CLUSTERS)).version
    second.publish(snapshot())
    assert await second.poll(CLUSTERS, version, hold_seconds=SHORT) is None


async def test_the_next_poll_with_the_new_version_is_the_acceptance() -> None:
    board = Board()
    board.publish(snapshot())
    version = (await taken(board, CLUSTERS)).version
    assert not board.outcome([Kind.CLUSTERS]).accepted
    await board.poll(CLUSTERS, version, hold_seconds=SHORT)
    assert board.outcome([Kind.CLUSTERS]).accepted


async def test_a_repeated_old_version_is_a_rejection_and_is_held() -> None:
    board = Board()
    board.publish(snapshot())
    held = (await taken(board, CLUSTERS)).version
    board.publish(snapshot(clusters="bad"))
    refused = (await taken(board, CLUSTERS, held)).version
    assert await board.poll(CLUSTERS, held, hold_seconds=SHORT) is None
    (rejection,) = board.outcome([Kind.CLUSTERS]).rejections
    assert (rejection.key, rejection.version) == (CLUSTERS, refused)


async def test_a_rejected_version_is_offered_again_after_a_growing_pause() -> None:
    clock = Clock()
    board = Board(clock=clock)
    board.publish(snapshot())
    await taken(board, CLUSTERS)
    clock.now += RETRY_FIRST_SECONDS + 0.1
    first = asyncio.ensure_future(board.poll(CLUSTERS, "", hold_seconds=60))
    await asyncio.sleep(SHORT)
    assert not first.done(), "a refused answer must not be repeated at once, or Envoy spins"
    first.cancel()
    clock.now += RETRY_FIRST_SECONDS + 0.1
    again = await taken(board, CLUSTERS)
    clock.now += 0.01
    assert board.outcome([Kind.CLUSTERS]).rejections
    assert again.version


async def test_the_next_version_after_a_rejected_one_is_offered_at_once() -> None:
    board = Board()
    board.publish(snapshot())
    await taken(board, CLUSTERS)
    poll = asyncio.ensure_future(board.poll(CLUSTERS, "", hold_seconds=5))
    await asyncio.sleep(SHORT)
    board.publish(snapshot(clusters="mended"))
    assert await asyncio.wait_for(poll, 1) is not None


async def test_a_newer_poll_ends_the_older_one_of_the_same_subscription() -> None:
    board = Board()
    board.publish(snapshot())
    version = (await taken(board, CLUSTERS)).version
    older = asyncio.ensure_future(board.poll(CLUSTERS, version, hold_seconds=5))
    await asyncio.sleep(0)
    newer = asyncio.ensure_future(board.poll(CLUSTERS, version, hold_seconds=5))
    assert await asyncio.wait_for(older, 1) is None
    assert not newer.done()
    newer.cancel()


async def test_each_envoy_stands_for_itself() -> None:
    board = Board()
    board.publish(snapshot())
    other = Key("envoy-2", Kind.CLUSTERS)
    version = (await taken(board, CLUSTERS)).version
    await taken(board, other)
    await board.poll(CLUSTERS, version, hold_seconds=SHORT)
    await board.poll(other, "", hold_seconds=SHORT)
    assert {item.key.node for item in board.outcome([Kind.CLUSTERS]).rejections} == {"envoy-2"}
    assert board.nodes == {"envoy-1", "envoy-2"}


async def test_an_envoy_that_went_away_is_not_waited_for() -> None:
    clock = Clock()
    board = Board(clock=clock)
    board.publish(snapshot())
    await taken(board, CLUSTERS)
    clock.now += 60
    assert board.outcome([Kind.CLUSTERS]).accepted
    assert not board.nodes


async def test_waiting_for_answers_is_bounded() -> None:
    board = Board()
    board.publish(snapshot())
    await taken(board, CLUSTERS)
    outcome = await board.settled([Kind.CLUSTERS], seconds=SHORT)
    assert outcome.waiting == (CLUSTERS,)


def asking(board: Board, *names: str) -> Stream:
    stream = board.open_stream("envoy-1")
    stream.ask(names, held={})
    return stream


async def sent(board: Board, stream: Stream) -> Answer:
    return await asyncio.wait_for(board.answer(stream), 1)


async def nothing_sent(board: Board, stream: Stream) -> bool:
    try:
        await asyncio.wait_for(board.answer(stream), SHORT)
    except TimeoutError:
        return True
    return False


async def test_secrets_go_over_a_stream_as_they_change() -> None:
    board = Board()
    board.publish(snapshot())
    stream = asking(board, "s", "other")
    first = await sent(board, stream)
    assert first.resource.name == "s"
    assert board.outcome([Kind.SECRETS]).waiting == (Key("envoy-1", Kind.SECRETS, ("s",)),)
    board.accepted(stream, first.nonce)
    assert board.outcome([Kind.SECRETS]).accepted
    board.publish(snapshot(clusters="2"))
    assert await nothing_sent(board, stream)
    board.publish(snapshot(secret="2"))
    assert (await sent(board, stream)).resource.version != first.resource.version


async def test_a_refused_secret_is_a_rejection_until_another_one_is_accepted() -> None:
    board = Board()
    board.publish(snapshot(secret="bad"))
    stream = asking(board, "s")
    refused = await sent(board, stream)
    board.refused(stream, refused.nonce)
    (rejection,) = board.outcome([Kind.SECRETS]).rejections
    assert (rejection.key.names, rejection.version) == (("s",), refused.resource.version)
    assert board.outcome([Kind.CLUSTERS]).accepted
    board.publish(snapshot(secret="mended"))
    board.accepted(stream, (await sent(board, stream)).nonce)
    assert board.outcome([Kind.SECRETS]).accepted


async def test_nobody_waits_for_a_stream_that_has_ended() -> None:
    board = Board()
    board.publish(snapshot())
    stream = asking(board, "s")
    await sent(board, stream)
    settling = asyncio.ensure_future(board.settled([Kind.SECRETS], seconds=5))
    await asyncio.sleep(SHORT)
    assert not settling.done()
    board.close_stream(stream)
    assert (await asyncio.wait_for(settling, 1)).accepted


async def test_what_is_supplied_is_offered_beside_every_version() -> None:
    board = Board()
    key = VersionKey()
    stream = asking(board, "token", "s")
    board.supply({"token": key.resource("token", {"value": "1"})})
    first = await sent(board, stream)
    board.publish(snapshot())
    assert (await sent(board, stream)).resource.name == "s"
    board.supply({"token": key.resource("token", {"value": "2"})})
    renewed = await sent(board, stream)
    assert (renewed.resource.name, first.resource.name) == ("token", "token")
    assert renewed.resource.version != first.resource.version


async def test_what_is_supplied_is_no_part_of_a_version() -> None:
    board = Board()
    board.publish(snapshot())
    board.supply({"token": VersionKey().resource("token", {"value": "1"})})
    assert board.snapshot == snapshot()
