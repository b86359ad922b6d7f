"""Tokens of the machine's own identity in Azure: a virtual machine, App Service, Functions, Arc.

Source: https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token
"""

from __future__ import annotations

from wicketgate.broker.entra import managed_token
from wicketgate.broker.source import Obtain, Obtained, Source, Surroundings
from wicketgate.ir.credentials.azure import ManagedIdentityToken


def _open(credential: ManagedIdentityToken, _: str, surroundings: Surroundings) -> Obtain:
    async def obtain() -> Obtained:
        text = surroundings.texts.text
        resource = text(credential.scope).reveal().removesuffix("/.default")
        client_id = text(credential.client_id).reveal()
        return await managed_token(resource, client_id, surroundings, endpoint=credential.endpoint)

    return obtain


SOURCE = Source(credential=ManagedIdentityToken, open=_open)
