"""Keys of the role of an EC2 instance."""

from __future__ import annotations

from wicketgate.broker.aws_machine import instance_keys
from wicketgate.broker.source import Obtain, Obtained, Source, Surroundings
from wicketgate.ir.credentials.aws import InstanceKeys


def _open(credential: InstanceKeys, _: str, surroundings: Surroundings) -> Obtain:
    async def obtain() -> Obtained:
        return await instance_keys(credential, surroundings)

    return obtain


SOURCE = Source(credential=InstanceKeys, open=_open)
