"""AssumeRole with a stored key pair (https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html)."""

from __future__ import annotations

from wicketgate.broker.source import Obtain, Obtained, Source, Surroundings
from wicketgate.broker.sources.aws_key_pair import key_pair
from wicketgate.broker.sts import assume
from wicketgate.ir.credentials.aws import RoleByKeyPair


def _open(credential: RoleByKeyPair, _: str, surroundings: Surroundings) -> Obtain:
    async def obtain() -> Obtained:
        parameters = {"ExternalId": credential.external_id} if credential.external_id else {}
        keys = key_pair(credential.keys, surroundings)
        return await assume(credential.role, "assume_role", parameters, keys=keys, roots=surroundings.roots)

    return obtain


SOURCE = Source(credential=RoleByKeyPair, open=_open)
