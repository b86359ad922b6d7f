"""A child process that is started again whenever it ends."""

from __future__ import annotations

import asyncio
import logging
import time
from asyncio.subprocess import Process
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from wicketgate.supervise.backoff import Backoff

_log = logging.getLogger(__name__)

_KILL_AFTER_SECONDS = 5.0


@dataclass(slots=True)
class Child:
    """`start` makes the process; it must be called in the main thread.

    The kernel ends Envoy when the *thread* that started it ends, so only the main thread may be its parent.
    """

    name: str
    start: Callable[[], Awaitable[Process]]
    backoff: Backoff = field(default_factory=Backoff)
    process: Process | None = None
    stopping: bool = False

    async def keep(self, *, ended: Callable[[int], bool]) -> None:
        """Run the child until `stop`, or until `ended(exit status)` says not to start it again."""
        while not self.stopping:
            began = time.monotonic()
            status = await self._lived()
            if self.stopping or not ended(status):
                return
            pause = self.backoff.pause(time.monotonic() - began)
            _log.error("%s ended, starting it again", self.name, extra={"status": status, "in_seconds": pause})
            await asyncio.sleep(pause)

    async def _lived(self) -> int:
        try:
            self.process = await self.start()
        except OSError as error:
            _log.error("cannot start %s: %s", self.name, error.strerror)
            return error.errno or 1
        _log.info("%s started", self.name, extra={"pid": self.process.pid})
        return await self.process.wait()

    async def stop(self, *, at_once: bool = False) -> None:
        """End the child: SIGTERM, then SIGKILL if it is still there after five seconds."""
        self.stopping = True
        if self.process is None or self.process.returncode is not None:
            return
        if at_once:
            self.process.kill()
        else:
            self.process.terminate()
        try:
            async with asyncio.timeout(_KILL_AFTER_SECONDS):
                await self.process.wait()
        except TimeoutError:
            _log.warning("%s did not end, killing it", self.name)
            self.process.kill()
            await self.process.wait()
