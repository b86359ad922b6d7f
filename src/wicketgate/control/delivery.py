"""Values of the broker on their way to Envoy, beside every version: they come and go whatever is being made live.

A renewed token then waits for no compiler, no variable that is wrong can hold one back, and one that has ended is gone
at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from wicketgate.control.credentials import CredentialKeeper
from wicketgate.control.live import Live
from wicketgate.control.secret_values import text_message
from wicketgate.ir.credentials.base import CredentialUse
from wicketgate.ir.secrets import BrokeredSource, BrokeredToken, SecretSource
from wicketgate.secret_value import SecretValue
from wicketgate.xds.board import Board
from wicketgate.xds.snapshot import Resource, VersionKey

Sources = Mapping[str, SecretSource]

_OPEN = SecretValue("living")
"""Opens the gate before the signer."""
_BETWEEN_SEALS = 1.0
"""Seconds."""


@dataclass(frozen=True, slots=True)
class _Made:
    value: SecretValue | None
    resource: Resource


class Delivery:
    """Offers Envoy what the keeper holds. A renewal touches what it renews: thousands of others cost it nothing."""

    def __init__(self, keeper: CredentialKeeper, board: Board, key: VersionKey) -> None:
        self._keeper = keeper
        self._board = board
        self._key = key
        self._made: dict[str, _Made] = {}
        self._sources: dict[str, BrokeredSource] = {}
        self._names: dict[CredentialUse, list[str]] = {}
        self._next: Sources = {}
        self._taken: tuple[Sources, Sources] = ({}, {})
        self._unsaved = asyncio.Event()

    @asynccontextmanager
    async def supply(self, live: Sources, next_: Sources) -> AsyncIterator[None]:
        """Offer what the next version needs too, after a little wait for what is new in it."""
        sources = {**live, **next_}.values()
        recalled = await self._keeper.recall(sources)
        self._next = next_
        try:
            if new := self._keeper.hold(sources, recalled):
                await self._keeper.settle(new)
            self._take(live, next_)
            yield
        finally:
            self._next = {}
            if self._made:
                # What only the version before needed, or one that was refused, is let go.
                self._keeper.look_again()

    async def keep(self, live: Live) -> None:
        """Offer values as they come and go, until cancelled."""
        while True:
            changed = await self._keeper.changed()
            serving = live.candidate.sources if live.candidate else {}
            if serving is self._taken[0] and self._next is self._taken[1]:
                self._renew(changed)
            else:
                self._take(serving, self._next)
            self._unsaved.set()

    async def remember(self) -> None:
        """Seal what is held every now and then, until cancelled: a renewed value is not worth a file of its own."""
        while True:
            await self._unsaved.wait()
            self._unsaved.clear()
            await self._keeper.remember()
            await asyncio.sleep(_BETWEEN_SEALS)

    def _take(self, live: Sources, next_: Sources) -> None:
        sources = {**live, **next_}
        self._keeper.hold(sources.values())
        self._taken = (live, next_)
        self._sources = {name: source for name, source in sources.items() if isinstance(source, BrokeredSource)}
        self._names = {}
        for name, source in self._sources.items():
            self._names.setdefault(source.use, []).append(name)
        self._made = {name: self._make(name) for name in self._sources}
        self._offer()

    def _renew(self, changed: Iterable[CredentialUse]) -> None:
        self._keeper.write_keys(changed)
        for name in (name for use in changed for name in self._names.get(use, ())):
            self._made[name] = self._make(name)
        self._offer()

    def _offer(self) -> None:
        self._board.supply({name: made.resource for name, made in self._made.items()})

    def _make(self, name: str) -> _Made:
        source = self._sources[name]
        value = self._value(source)
        if (made := self._made.get(name)) is not None and made.value is value:
            return made
        prefix = source.prefix if isinstance(source, BrokeredToken) else ""
        text = f"{prefix}{value.reveal()}" if value else ""
        return _Made(value, self._key.resource(name, text_message(name, text)))

    def _value(self, source: BrokeredSource) -> SecretValue | None:
        if isinstance(source, BrokeredToken):
            return self._keeper.value(source.use)
        return _OPEN if self._keeper.signs(source.use) else None
