"""Keys of the role of a task of ECS or a pod of EKS."""

from __future__ import annotations

from wicketgate.broker.aws_machine import container_keys
from wicketgate.broker.source import Obtain, Obtained, Source, Surroundings
from wicketgate.ir.credentials.aws import ContainerKeys


def _open(credential: ContainerKeys, _: str, surroundings: Surroundings) -> Obtain:
    async def obtain() -> Obtained:
        return await container_keys(credential, surroundings)

    return obtain


SOURCE = Source(credential=ContainerKeys, open=_open)
