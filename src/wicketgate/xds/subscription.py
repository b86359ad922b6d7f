"""What one Envoy is known to hold of one thing it asks for."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from enum import StrEnum

from wicketgate.xds.kinds import Kind

RETRY_FIRST_SECONDS = 1.0
RETRY_MOST_SECONDS = 30.0


class Standing(StrEnum):
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    WAITING = "waiting"


@dataclass(frozen=True, slots=True)
class Key:
    """`node` is the id that Envoy gives; `names` is empty for kinds that are asked for as a whole."""

    node: str
    kind: Kind
    names: tuple[str, ...] = ()


@dataclass(slots=True)
class Subscription:
    """The record of one subscription.

    A REST poll carries no error. One that repeats the version it held before an answer has refused that
    answer, or never got it: so a refused version is held back, and offered again after a growing pause.
    """

    key: Key
    held: str = ""
    offered: str | None = None
    rejected: str | None = None
    refusals: int = 0
    retry_at: float = 0.0
    heard_at: float = 0.0
    turn: int = 0
    polling: bool = False
    wake: asyncio.Event = field(default_factory=asyncio.Event)

    def begin(self, held: str, now: float) -> int:
        """Take note of a new poll, which replaces an older one still waiting. Returns its turn."""
        if self.offered is not None and held == self.held != self.offered:
            self._refused(self.offered, now)
        elif held == self.offered:
            self.rejected, self.refusals = None, 0
        self.held, self.offered, self.heard_at, self.polling = held, None, now, True
        self.turn += 1
        self.wake.set()
        return self.turn

    def end(self, turn: int, now: float) -> None:
        """Take note that the poll of this turn has its answer."""
        if self.turn == turn:
            self.polling, self.heard_at = False, now

    def _refused(self, version: str, now: float) -> None:
        self.refusals = self.refusals + 1 if self.rejected == version else 1
        self.rejected = version
        pause = RETRY_FIRST_SECONDS * 2 ** min(self.refusals - 1, 16)
        self.retry_at = now + min(pause, RETRY_MOST_SECONDS)

    def wants(self, version: str, now: float) -> bool:
        return version != self.held and (version != self.rejected or now >= self.retry_at)

    def standing(self, version: str) -> Standing:
        """Say how this Envoy stands to the version that is published."""
        if self.held == version:
            return Standing.ACCEPTED
        return Standing.REJECTED if self.rejected == version else Standing.WAITING
