"""Values of the broker on their way to Envoy, beside every version: they come and go whatever is being made live.

A renewed token then waits for no compiler, no variable that is wrong can hold one back, and one that has ended is gone
at once.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from wicketgate.control.credentials import CredentialKeeper
from wicketgate.control.live import Live
from wicketgate.control.secret_values import text_message
from wicketgate.ir.secrets import BrokeredSource, BrokeredToken, SecretSource
from wicketgate.secret_value import SecretValue
from wicketgate.xds.board import Board
from wicketgate.xds.snapshot import Resource, VersionKey

_OPEN = SecretValue("living")
"""Opens the gate before the signer."""


@dataclass(frozen=True, slots=True)
class _Made:
    value: SecretValue | None
    resource: Resource


class Delivery:
    """Offers Envoy what the keeper holds; a resource is made anew only where its value has changed."""

    def __init__(self, keeper: CredentialKeeper, board: Board, key: VersionKey) -> None:
        self._keeper = keeper
        self._board = board
        self._key = key
        self._made: dict[str, _Made] = {}
        self._next: Mapping[str, SecretSource] = {}

    @asynccontextmanager
    async def supply(self, live: Mapping[str, SecretSource], next_: Mapping[str, SecretSource]) -> AsyncIterator[None]:
        """Offer what the next version needs too, after a little wait for what is new in it."""
        self._next = next_
        sources = {**live, **next_}
        try:
            if new := self._keeper.hold(sources.values()):
                await self._keeper.settle(new)
                self._keeper.hold(sources.values())
            self._hand_over(sources)
            yield
        finally:
            self._next = {}
            if self._made:
                # What only the version before needed, or one that was refused, is let go.
                self._keeper.look_again()

    async def keep(self, live: Live) -> None:
        """Offer values as they come and go, until cancelled."""
        while True:
            await self._keeper.changed()
            sources = {**(live.candidate.sources if live.candidate else {}), **self._next}
            self._keeper.hold(sources.values())
            self._hand_over(sources)
            await self._keeper.remember()

    def _hand_over(self, sources: Mapping[str, SecretSource]) -> None:
        self._made = {n: self._make(n, source) for n, source in sources.items() if isinstance(source, BrokeredSource)}
        self._board.supply({name: made.resource for name, made in self._made.items()})

    def _make(self, name: str, source: BrokeredSource) -> _Made:
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
