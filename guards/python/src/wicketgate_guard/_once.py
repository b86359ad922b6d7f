"""The replay store as a guard asks it, from a thread or from an event loop: only `True` lets a request in."""

from __future__ import annotations

import asyncio
import inspect
import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, Union

from wicketgate_guard._errors import GuardConfigurationError
from wicketgate_guard._guard import Verdict
from wicketgate_guard._replay import MemoryReplayStore, ReplayStoreFull

if TYPE_CHECKING:
    from wicketgate_guard._replay import AsyncReplayStore, ReplayStore

    AnyReplayStore = Union[ReplayStore, AsyncReplayStore]

_logger = logging.getLogger("wicketgate_guard")

_SECONDS = 5.0
"""A store that has not answered by then has refused."""
_THREADS = 16
"""That wait for a shared store, so that neither the event loop nor the application's own threads do."""


@dataclass(frozen=True)
class OneTime:
    """What counts once: its key in the store, and until when (unix seconds) it would count again."""

    key: str
    until: float


class Once:
    """Asks a store. An error, another answer than True or False, or none in time refuses, and is logged."""

    def __init__(self, store: AnyReplayStore) -> None:
        if not callable(getattr(store, "first", None)):
            raise GuardConfigurationError(f"replay: {type(store).__name__} has no method `first`. See ReplayStore.")
        self._store: Any = store
        self.needs_loop = inspect.iscoroutinefunction(store.first)
        """Whether only an event loop can ask it."""
        self._answers_at_once = type(store) is MemoryReplayStore
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="wicketgate-guard")

    def noted(self, seen: OneTime) -> Verdict:
        """Return `ACCEPTED` for the first time, else why it is refused."""
        try:
            return _verdict(self._store.first(seen.key, seen.until))
        except Exception as error:
            return _failed(error)

    async def anoted(self, seen: OneTime) -> Verdict:
        """Do the same without holding up the loop."""
        if self._answers_at_once:
            return self.noted(seen)
        try:
            return _verdict(await asyncio.wait_for(self._answer(seen), _SECONDS))
        except Exception as error:
            return _failed(error)

    async def _answer(self, seen: OneTime) -> object:
        if self.needs_loop:
            return await self._store.first(seen.key, seen.until)
        loop = asyncio.get_running_loop()
        answer = await loop.run_in_executor(self._threads, self._store.first, seen.key, seen.until)
        # A plain function may return what another one, of a client library for example, wants awaited.
        return await answer if inspect.isawaitable(answer) else answer


class _Guard(Protocol):
    @property
    def needs_loop(self) -> bool: ...


def check_needs_no_loop(guard: _Guard) -> None:
    """Raise `GuardConfigurationError` where nobody could await the store of the guard."""
    if guard.needs_loop:
        raise GuardConfigurationError(
            "replay: `first` of the store is asynchronous, and only the ASGI middleware can await it. "
            "Give a store whose `first` returns True or False."
        )


def _verdict(answer: object) -> Verdict:
    if answer is True:
        return Verdict.ACCEPTED
    if answer is False:
        return Verdict.REPLAYED
    if inspect.iscoroutine(answer):
        answer.close()
    _logger.error("the replay store answered neither True nor False but %s: refused", type(answer).__name__)
    return Verdict.UNNOTED


def _failed(error: Exception) -> Verdict:
    # Text of other people's errors may hold an address with a password.
    reason = str(error) if isinstance(error, ReplayStoreFull) else type(error).__name__
    _logger.error("the replay store noted nothing: %s", reason)
    return Verdict.UNNOTED
