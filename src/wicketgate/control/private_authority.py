"""Keeping the private authority: renewals, revocation lists and rotations, as their times come."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from wicketgate.certificates import Authorities
from wicketgate.errors import WicketError

if TYPE_CHECKING:
    from wicketgate.store import Database

_log = logging.getLogger(__name__)

_LOOK_SECONDS = 1.0
_TROUBLE_SECONDS = 30.0


class AuthorityKeeper:
    """Does what is due, and looks again when the store has changed or the next time has come.

    What it changes is made live by whoever follows the store. `problem` says what keeps it from its work.
    """

    def __init__(self, database: Callable[[], Database | None], *, clock: Callable[[], float] = time.time) -> None:
        self._database = database
        self._clock = clock
        self._seen = -1
        self._due: float | None = None
        self.problem = ""

    async def keep(self) -> None:
        """Run until cancelled."""
        while True:
            await asyncio.sleep(_TROUBLE_SECONDS if self.problem else _LOOK_SECONDS)
            await self.look()

    async def look(self) -> None:
        """Do what is due, once."""
        try:
            await asyncio.to_thread(self._look)
            self.problem = ""
        except WicketError as error:
            if self.problem != error.message:
                _log.error("cannot keep the private authority: %s", error.message, extra={"hint": error.hint})
            self.problem = error.message

    def _look(self) -> None:
        database = self._database()
        if database is None:
            return
        if database.sequence() == self._seen and (self._due is None or self._clock() < self._due):
            return
        # The cryptography of an authority takes a while to load, and many installations have none.
        from wicketgate.private_ca import PrivateCa

        self._due = PrivateCa(database).advance()
        self._seen = database.sequence()

    async def published(self) -> Authorities | None:
        """Return the roots to trust and all revocation lists, both public; None without authority."""
        return await asyncio.to_thread(self._published)

    def _published(self) -> Authorities | None:
        database = self._database()
        if database is None:
            return None
        from wicketgate.private_ca import PrivateCa

        state = PrivateCa(database).state()
        return None if state is None else Authorities(state.bundle, state.lists)
