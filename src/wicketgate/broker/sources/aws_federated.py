"""AssumeRoleWithWebIdentity: the gateway's own token for a role, and no stored key.

Source: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html
"""

from __future__ import annotations

from wicketgate.broker.source import Obtain, Obtained, Source, Surroundings
from wicketgate.broker.sts import assume
from wicketgate.ir.credentials.aws import RoleByGatewayToken

_LIFE = 120.0
"""Seconds: the token is shown once, at once."""


def _open(credential: RoleByGatewayToken, destination: str, surroundings: Surroundings) -> Obtain:
    async def obtain() -> Obtained:
        token = surroundings.assertions.sign(audience=credential.audience, subject=destination, life=_LIFE, claims={})
        parameters = {"WebIdentityToken": token.value.reveal()}
        operation = "assume_role_with_web_identity"
        return await assume(credential.role, operation, parameters, keys=None, surroundings=surroundings)

    return obtain


SOURCE = Source(credential=RoleByGatewayToken, open=_open)
