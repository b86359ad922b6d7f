"""What blocks, in threads of its own: one that hangs holds up its own provider and nothing else of the process."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from threading import Thread
from typing import ParamSpec, TypeVar
from weakref import WeakValueDictionary

from wicketgate.broker.turns import AT_ONE

P = ParamSpec("P")
T = TypeVar("T")


class Threads:
    """Daemon threads, so that none holds up the end of the process.

    One that hangs keeps its place until it ends, whoever has stopped waiting for it: at one provider there are never
    more than `AT_ONE`.
    """

    def __init__(self) -> None:
        self._places: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()

    async def run(self, provider: str, function: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
        """Return what the function returns, or raise what it raises."""
        places = self._places.get(provider) or asyncio.Semaphore(AT_ONE)
        self._places[provider] = places
        await places.acquire()
        try:
            future = _started(lambda: function(*arguments, **named))
        except RuntimeError:
            places.release()
            raise
        future.add_done_callback(_releasing(places, asyncio.get_running_loop()))
        return await asyncio.wrap_future(future)


def _started(function: Callable[[], T]) -> Future[T]:
    """Raises `RuntimeError` when the system gives no more threads."""
    future: Future[T] = Future()
    # From here on nobody can cancel it, for nobody can stop the thread.
    future.set_running_or_notify_cancel()
    Thread(target=_fulfil, args=(future, function), name="credentials", daemon=True).start()
    return future


def _fulfil(future: Future[T], function: Callable[[], T]) -> None:
    try:
        result = function()
    except BaseException as error:
        future.set_exception(error)
    else:
        future.set_result(result)


def _releasing(places: asyncio.Semaphore, loop: asyncio.AbstractEventLoop) -> Callable[[Future[T]], None]:
    def release(_: Future[T]) -> None:
        with suppress(RuntimeError):  # The loop has closed: nobody waits for a place any more.
            loop.call_soon_threadsafe(places.release)

    return release
