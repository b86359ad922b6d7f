"""Stopping Envoy so that no request that it took is lost."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from wicketgate.supervise.unix_http import unix_request

_log = logging.getLogger(__name__)

_LAME_DUCK_SECONDS = 1.0
_LOOK_SECONDS = 0.05
_QUIET_LOOKS = 3
"""How many times in a row nothing must be in flight: a request may lie between two reads of a socket."""


@dataclass(frozen=True, slots=True)
class Traffic:
    """Open connections from callers, and their requests in flight."""

    connections: int
    requests: int


class Drain:
    """Drains one Envoy through its admin socket, in at most `seconds`.

    First it still accepts, but asks each caller to go (`Connection: close`, GOAWAY); then it stops
    accepting and waits for what is in flight.
    """

    def __init__(self, admin: Path, *, seconds: float) -> None:
        self._admin = admin
        self._seconds = seconds

    async def run(self) -> None:
        """Return when nothing is in flight or the time is up; Envoy has to be ended then."""
        try:
            async with asyncio.timeout(self._seconds):
                await self._ask("POST", "/drain_listeners?graceful&skip_exit")
                await self._until_quiet(connections=True, seconds=_LAME_DUCK_SECONDS)
                await self._ask("POST", "/drain_listeners")
                await self._until_quiet(connections=False, seconds=self._seconds)
        except TimeoutError:
            _log.warning("requests are still in flight after the time to drain", extra={"seconds": self._seconds})
        except OSError:
            _log.warning("Envoy does not answer, so it cannot be drained")

    async def _until_quiet(self, *, connections: bool, seconds: float) -> None:
        looks, quiet = int(seconds / _LOOK_SECONDS) + 1, 0
        for _ in range(looks):
            traffic = parse_traffic(
                await self._ask("GET", "/stats?format=json&type=Gauges&filter=downstream_[cr][xq]_active$")
            )
            busy = traffic.connections if connections else traffic.requests
            quiet = 0 if busy else quiet + 1
            if quiet >= _QUIET_LOOKS:
                return
            await asyncio.sleep(_LOOK_SECONDS)

    async def _ask(self, method: str, target: str) -> bytes:
        return (await asyncio.to_thread(unix_request, self._admin, method, target)).body


def parse_traffic(stats: bytes) -> Traffic:
    """Read Envoy's gauges in JSON, leaving out what concerns its admin."""
    gauges = {
        str(item["name"]): int(item["value"])
        for item in json.loads(stats)["stats"]
        if "name" in item and str(item["name"]).startswith("http.") and not str(item["name"]).startswith("http.admin.")
    }
    return Traffic(_sum(gauges.items(), "_cx_active"), _sum(gauges.items(), "_rq_active"))


def _sum(gauges: Iterable[tuple[str, int]], suffix: str) -> int:
    return sum(value for name, value in gauges if name.endswith(suffix))
