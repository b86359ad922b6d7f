"""Publishing in order, so that no request meets a route whose cluster or secret is not there."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable

from wicketgate.xds.board import Board, Outcome
from wicketgate.xds.kinds import SUPPLIES, USERS, Kind
from wicketgate.xds.snapshot import Snapshot

ANSWER_SECONDS = 5.0
"""How long the Envoys have to answer each step. One that is late does not stop the others' change."""

LINGER_SECONDS = 5.0
"""How long what nobody names any more stays, for the requests that began under the older routes."""


async def _at_once() -> None:
    return None


class Publisher:
    """Publishes snapshots, one at a time.

    Order: clusters and secrets are added; once they are accepted (and warm, which `warmed` waits for) the
    routes and listeners that use them; and only after `linger_seconds` goes what these no longer use.
    """

    def __init__(
        self,
        board: Board,
        *,
        warmed: Callable[[], Awaitable[None]] = _at_once,
        answer_seconds: float = ANSWER_SECONDS,
        linger_seconds: float = LINGER_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._board = board
        self._warmed = warmed
        self._answer_seconds = answer_seconds
        self._linger_seconds = linger_seconds
        self._clock = clock
        self._target = board.snapshot
        self._prune_at = 0.0

    async def publish(self, target: Snapshot) -> Outcome:
        """Publish `target`. When an Envoy refuses a part of it, what was published before is put back."""
        before = self._board.snapshot
        outcome = await self._supply(before, target)
        if not outcome.rejections:
            outcome = await self._use(target)
        if outcome.rejections:
            self._board.publish(before)
            return outcome
        self._target, self._prune_at = target, self._clock() + self._linger_seconds
        return outcome

    def prune(self) -> None:
        """Take away what is no longer used, once it has lingered. Cheap: call it from time to time."""
        if self._clock() >= self._prune_at and self._board.snapshot.changed(SUPPLIES, self._target):
            self._board.publish(self._target)

    async def _supply(self, before: Snapshot, target: Snapshot) -> Outcome:
        supplied = before.extended(SUPPLIES, target)
        if not before.changed(SUPPLIES, supplied):
            return Outcome()
        self._board.publish(supplied)
        outcome = await self._board.settled(SUPPLIES, seconds=self._answer_seconds)
        if not outcome.rejections and before.changed([Kind.CLUSTERS], supplied):
            await self._warmed()
        return outcome

    async def _use(self, target: Snapshot) -> Outcome:
        if not self._board.snapshot.changed(USERS, target):
            return Outcome()
        self._board.publish(self._board.snapshot.replaced(USERS, target))
        return await self._board.settled(USERS, seconds=self._answer_seconds)
