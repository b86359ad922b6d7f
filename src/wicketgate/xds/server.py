"""The ASGI app that Envoy polls: `POST /v3/discovery:KIND` with a DiscoveryRequest, REST-JSON."""

from __future__ import annotations

import json
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from wicketgate.xds.board import Board
from wicketgate.xds.kinds import POLLED, POLLED_BY_NAME, Kind
from wicketgate.xds.subscription import Key

HOLD_SECONDS = 25.0
"""How long a poll is held. Below the `request_timeout` that Envoy is told, so that 304 comes first."""


_NOTHING_NEW = Response(status_code=304)


def xds_app(board: Board, *, hold_seconds: float = HOLD_SECONDS) -> Starlette:
    """Return the app. Bind it where only our Envoy can connect."""

    async def discover(request: Request) -> Response:
        if request.path_params["kind"] not in POLLED:
            return Response("no such kind", status_code=404)
        kind = Kind(request.path_params["kind"])
        try:
            key, held = _asked(kind, await request.body())
        except ValueError:
            return Response("not a DiscoveryRequest", status_code=400)
        offer = await board.poll(key, held, hold_seconds=hold_seconds)
        if await request.is_disconnected():
            board.gone(key)
            return _NOTHING_NEW
        if offer is None:
            return _NOTHING_NEW
        board.offered(key, offer.version)
        return Response(offer.body(), media_type="application/json")

    return Starlette(routes=[Route("/v3/discovery:{kind}", discover, methods=["POST"])])


def _asked(kind: Kind, body: bytes) -> tuple[Key, str]:
    poll: Any = json.loads(body)
    try:
        names = tuple(map(str, poll.get("resource_names", ()))) if kind in POLLED_BY_NAME else ()
        return Key(str(poll["node"]["id"]), kind, names), str(poll.get("version_info", ""))
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError("not a DiscoveryRequest") from error
