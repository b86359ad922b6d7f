"""AssumeRole with stored keys or the machine's own
(https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html)."""

from __future__ import annotations

import json
from collections.abc import Mapping

from wicketgate.broker.aws_machine import container_keys, instance_keys
from wicketgate.broker.signing_keys import usable
from wicketgate.broker.source import Obtain, Obtained, Source, Surroundings
from wicketgate.broker.sources.aws_key_pair import key_pair
from wicketgate.broker.sts import assume
from wicketgate.ir.credentials.aws import AwsKeys, ContainerKeys, InstanceKeys, KeyPair, RoleByKeyPair


def _open(credential: RoleByKeyPair, _: str, surroundings: Surroundings) -> Obtain:
    async def obtain() -> Obtained:
        parameters = {"ExternalId": credential.external_id} if credential.external_id else {}
        keys = await _keys(credential.keys, surroundings)
        return await assume(credential.role, "assume_role", parameters, keys=keys, surroundings=surroundings)

    return obtain


async def _keys(keys: AwsKeys, surroundings: Surroundings) -> Mapping[str, str]:
    match keys:
        case KeyPair():
            return usable(key_pair(keys, surroundings))
        case InstanceKeys():
            found = await instance_keys(keys, surroundings)
        case ContainerKeys():
            found = await container_keys(keys, surroundings)
    given: Mapping[str, str] = json.loads(found.value.reveal())
    return given


SOURCE = Source(credential=RoleByKeyPair, open=_open)
