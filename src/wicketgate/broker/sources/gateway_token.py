"""Tokens of the gateway's own: no provider is asked."""

from __future__ import annotations

import asyncio
import json

from wicketgate.broker.source import Obtain, Obtained, Source, Surroundings
from wicketgate.ir.credentials.gateway_token import GatewayToken


def _open(credential: GatewayToken, destination: str, surroundings: Surroundings) -> Obtain:
    async def obtain() -> Obtained:
        # Nobody is waited for here: hundreds at a roll would come one after the other, and nothing in between.
        await asyncio.sleep(0)
        return surroundings.assertions.sign(
            audience=credential.audience,
            subject=destination,
            life=credential.life,
            claims=json.loads(credential.claims),
        )

    return obtain


SOURCE = Source(credential=GatewayToken, open=_open)
