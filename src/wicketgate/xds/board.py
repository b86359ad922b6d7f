"""The published snapshot, and the polls and streams that wait for it to change."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

from wicketgate.xds.kinds import Kind
from wicketgate.xds.snapshot import Collection as Resources
from wicketgate.xds.snapshot import Offer, Snapshot
from wicketgate.xds.stream import Answer, Stream
from wicketgate.xds.subscription import Key, Standing, Subscription

FORGET_SECONDS = 15.0
"""An Envoy that has not polled again this long after an answer is gone."""


@dataclass(frozen=True, slots=True)
class Rejection:
    """An Envoy refused a version. The reason stands in that Envoy's log."""

    key: Key
    version: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """How the Envoys that are connected stand to what is published."""

    rejections: tuple[Rejection, ...] = ()
    waiting: tuple[Key, ...] = ()

    @property
    def accepted(self) -> bool:
        return not self.rejections and not self.waiting


class Board:
    """Holds what is published. Secrets go over streams, all else is polled. All of it runs in one event loop."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._snapshot = Snapshot()
        self._volatile: Resources = {}
        self._secrets: Resources = {}
        self._subscriptions: dict[Key, Subscription] = {}
        self._streams: list[Stream] = []
        self._progress = asyncio.Event()
        self._clock = clock

    @property
    def snapshot(self) -> Snapshot:
        return self._snapshot

    @property
    def nodes(self) -> frozenset[str]:
        """The Envoys that polled of late."""
        self._forget()
        return frozenset(key.node for key in self._subscriptions)

    def publish(self, snapshot: Snapshot) -> None:
        """Make `snapshot` the published one and wake the polls and streams that it concerns."""
        self._snapshot = snapshot
        now = self._clock()
        for subscription in self._subscriptions.values():
            offer = self._current(subscription)
            if offer is not None and subscription.wants(offer.version, now):
                subscription.wake.set()
        self._offer_secrets()

    def supply(self, secrets: Resources) -> None:
        """Offer these secrets beside whatever is published, now and later, in place of those that were supplied."""
        self._volatile = secrets
        self._offer_secrets()

    def _offer_secrets(self) -> None:
        before, self._secrets = self._secrets, {**self._snapshot.of(Kind.SECRETS), **self._volatile}
        changed = {name for name, resource in self._secrets.items() if before.get(name) is not resource}
        for stream in self._streams:
            stream.touch(changed)

    async def poll(self, key: Key, held: str, *, hold_seconds: float) -> Offer | None:
        """Wait until there is something other than `held`, the version that this Envoy has.

        None after `hold_seconds`, and for a poll that a newer one of the same subscription has replaced.
        """
        subscription = self._subscriptions.setdefault(key, Subscription(key))
        turn = subscription.begin(held, self._clock())
        self._progress.set()
        try:
            return await self._changed(subscription, turn, self._clock() + hold_seconds)
        finally:
            subscription.end(turn, self._clock())

    async def _changed(self, subscription: Subscription, turn: int, deadline: float) -> Offer | None:
        while subscription.turn == turn and self._clock() < deadline:
            subscription.wake.clear()
            offer = self._current(subscription)
            if offer is not None and subscription.wants(offer.version, self._clock()):
                return offer
            await _wait(subscription.wake, self._pause(subscription, offer, deadline))
        return None

    def close(self) -> None:
        """End all polls that are held."""
        for subscription in self._subscriptions.values():
            subscription.turn += 1
            subscription.wake.set()

    def offered(self, key: Key, version: str) -> None:
        """Note that `version` is being sent."""
        if subscription := self._subscriptions.get(key):
            subscription.offered = version

    def gone(self, key: Key) -> None:
        """Note that this Envoy has closed its connection while its poll was held."""
        subscription = self._subscriptions.get(key)
        if subscription is not None and not subscription.polling:
            del self._subscriptions[key]
            self._progress.set()

    def open_stream(self, node: str) -> Stream:
        """Begin the record of a stream of this Envoy."""
        stream = Stream(node)
        self._streams.append(stream)
        return stream

    def close_stream(self, stream: Stream) -> None:
        """Note that a stream has ended; nobody waits for its answers any more."""
        self._streams.remove(stream)
        self._progress.set()

    def accepted(self, stream: Stream, nonce: str) -> None:
        """Note that Envoy has taken an answer."""
        stream.accepted(nonce)
        self._progress.set()

    def refused(self, stream: Stream, nonce: str) -> None:
        """Note that Envoy has refused an answer."""
        stream.refused(nonce)
        self._progress.set()

    async def answer(self, stream: Stream) -> Answer:
        """Wait until there is something to send over a stream."""
        while True:
            stream.wake.clear()
            if answer := stream.next(self._secrets):
                return answer
            await stream.wake.wait()

    def outcome(self, kinds: Collection[Kind]) -> Outcome:
        """Return how the connected Envoys stand to the published resources of these kinds."""
        self._forget()
        rejections, waiting = [], []
        for key, version, standing in self._standings(kinds):
            match standing:
                case Standing.REJECTED:
                    rejections.append(Rejection(key, version))
                case Standing.WAITING:
                    waiting.append(key)
        return Outcome(tuple(rejections), tuple(waiting))

    async def settled(self, kinds: Collection[Kind], *, seconds: float) -> Outcome:
        """Wait until no connected Envoy is still to answer, or one refuses, or the time is up."""
        deadline = self._clock() + seconds
        while True:
            self._progress.clear()
            outcome = self.outcome(kinds)
            left = deadline - self._clock()
            if outcome.rejections or not outcome.waiting or left <= 0:
                return outcome
            await _wait(self._progress, left)

    def _standings(self, kinds: Collection[Kind]) -> Iterator[tuple[Key, str, Standing]]:
        for subscription in self._subscriptions.values():
            if subscription.key.kind in kinds and (offer := self._current(subscription)):
                yield subscription.key, offer.version, subscription.standing(offer.version)
        for stream in self._streams if Kind.SECRETS in kinds else ():
            for name, version, standing in stream.standings(self._secrets):
                yield Key(stream.node, Kind.SECRETS, (name,)), version, standing

    def _current(self, subscription: Subscription) -> Offer | None:
        return self._snapshot.offer(subscription.key.kind, subscription.key.names)

    def _pause(self, subscription: Subscription, offer: Offer | None, deadline: float) -> float:
        refusal = subscription.refusal
        held_back = offer is not None and refusal is not None and offer.version == refusal.version
        until = min(deadline, refusal.retry_at) if held_back and refusal else deadline
        return until - self._clock()

    def _forget(self) -> None:
        oldest = self._clock() - FORGET_SECONDS
        gone = [key for key, item in self._subscriptions.items() if not item.polling and item.heard_at < oldest]
        for key in gone:
            del self._subscriptions[key]


async def _wait(event: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(max(seconds, 0)):
            await event.wait()
    except TimeoutError:
        return
