"""What one Envoy is known to hold of one thing that it polls."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from enum import StrEnum

from wicketgate.xds.kinds import Kind
from wicketgate.xds.refusal import Refusal


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
    refusal: Refusal | None = None
    heard_at: float = 0.0
    turn: int = 0
    polling: bool = False
    wake: asyncio.Event = field(default_factory=asyncio.Event)

    def begin(self, held: str, now: float) -> int:
        """Take note of a new poll, which replaces an older one still waiting. Returns its turn."""
        if self.offered is not None and held == self.held != self.offered:
            self.refusal = Refusal.after(self.refusal, self.offered, now)
        elif held == self.offered:
            self.refusal = None
        self.held, self.offered, self.heard_at, self.polling = held, None, now, True
        self.turn += 1
        self.wake.set()
        return self.turn

    def end(self, turn: int, now: float) -> None:
        """Take note that the poll of this turn has its answer."""
        if self.turn == turn:
            self.polling, self.heard_at = False, now

    def wants(self, version: str, now: float) -> bool:
        return version != self.held and not (self.refusal and self.refusal.holds_back(version, now))

    def standing(self, version: str) -> Standing:
        """Say how this Envoy stands to the version that is published."""
        if self.held == version:
            return Standing.ACCEPTED
        return Standing.REJECTED if self.refusal and self.refusal.version == version else Standing.WAITING
