"""What the running Envoy says about itself, over its admin socket."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from urllib.parse import quote

from wicketgate.supervise.unix_http import Reply, unix_request


class EnvoyAdmin:
    """Each call raises `OSError` when Envoy does not answer."""

    def __init__(self, socket: Path) -> None:
        self._socket = socket

    async def get(self, target: str) -> Reply:
        return await asyncio.to_thread(unix_request, self._socket, "GET", target)

    async def live(self) -> bool:
        """Say whether Envoy has initialised and is not draining."""
        try:
            return (await self.get("/ready")).status == 200
        except OSError:
            return False

    async def prometheus(self) -> bytes:
        return (await self.get("/stats/prometheus")).body

    async def gauges(self, pattern: str) -> dict[str, int]:
        """Return the gauges whose name matches the regular expression."""
        return await self._stats("Gauges", pattern)

    async def counters(self, pattern: str) -> dict[str, int]:
        """Return the counters whose name matches the regular expression, if they ever counted."""
        return await self._stats("Counters&usedonly", pattern)

    async def _stats(self, kind: str, pattern: str) -> dict[str, int]:
        reply = await self.get(f"/stats?format=json&type={kind}&filter={quote(pattern, safe='')}")
        return {item["name"]: int(item["value"]) for item in json.loads(reply.body)["stats"] if "name" in item}

    async def addresses(self) -> dict[str, str]:
        """Return `ADDR:PORT` as bound for each TCP listener, by its name."""
        reply = await self.get("/listeners?format=json")
        statuses = json.loads(reply.body).get("listener_statuses", ())
        sockets = {status["name"]: status.get("local_address", {}).get("socket_address") for status in statuses}
        return {name: _address(found) for name, found in sockets.items() if found}


def _address(found: dict[str, object]) -> str:
    host = str(found["address"])
    return f"[{host}]:{found['port_value']}" if ":" in host else f"{host}:{found['port_value']}"
