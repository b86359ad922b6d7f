"""Waiting for Envoy: until its clusters are warm, until it serves traffic."""

from __future__ import annotations

import asyncio
import json

from wicketgate.control.envoy_admin import EnvoyAdmin
from wicketgate.control.live import Live
from wicketgate.xds.board import Board
from wicketgate.xds.kinds import USERS, Kind

_LOOK_SECONDS = 0.01
_WARM_SECONDS = 3.0


async def wait_warm(admin: EnvoyAdmin) -> None:
    """Wait until no cluster is warming (resolving its name, fetching its secrets), at most three seconds.

    A route to a cluster that is still warming would be answered 503.
    """
    try:
        async with asyncio.timeout(_WARM_SECONDS):
            while True:
                gauges = await admin.gauges("^cluster_manager.warming_clusters$")
                if not any(gauges.values()):
                    return
                await asyncio.sleep(_LOOK_SECONDS)
    except (OSError, TimeoutError):
        return


async def serving_addresses(live: Live, board: Board, admin: EnvoyAdmin) -> list[str]:
    """Wait until Envoy serves every listener that is published; return their URLs."""
    while True:
        bound = await _bound(admin) if board.nodes and board.outcome(USERS).accepted else {}
        published = _published(live)
        if published.keys() <= bound.keys():
            return [f"{scheme}://{bound[name]}" for name, scheme in published.items()]
        await asyncio.sleep(_LOOK_SECONDS)


async def _bound(admin: EnvoyAdmin) -> dict[str, str]:
    try:
        return await admin.addresses() if await admin.live() else {}
    except OSError:
        return {}


def _published(live: Live) -> dict[str, str]:
    messages = (json.loads(item.body) for item in live.snapshot.of(Kind.LISTENERS).values())
    return {
        message["name"]: "https" if _has_tls(message["filter_chains"]) else "http"
        for message in messages
        if "udp_listener_config" not in message and "internal_listener" not in message
    }


def _has_tls(filter_chains: list[dict[str, object]]) -> bool:
    return any("transport_socket" in chain for chain in filter_chains)
