"""Tokens of the gateway's own: no provider is asked."""

from __future__ import annotations

import json

from wicketgate.broker.source import Obtain, Obtained, Source, Surroundings
from wicketgate.ir.credentials.gateway_token import GatewayToken


def _open(credential: GatewayToken, destination: str, surroundings: Surroundings) -> Obtain:
    async def obtain() -> Obtained:
        return surroundings.assertions.sign(
            audience=credential.audience,
            subject=destination,
            life=credential.life,
            claims=json.loads(credential.claims),
        )

    return obtain


SOURCE = Source(credential=GatewayToken, open=_open)
