"""Entra tokens of an application that trusts the gateway's own token.

Source: https://learn.microsoft.com/entra/workload-id/workload-identity-federation
"""

from __future__ import annotations

from wicketgate.broker.entra import application_token
from wicketgate.broker.source import Obtain, Obtained, Source, Surroundings
from wicketgate.broker.sources.azure_application import application_of
from wicketgate.ir.credentials.azure import EntraFederatedToken

_LIFE = 300.0
"""Seconds: the token is shown once, at once."""


def _open(credential: EntraFederatedToken, destination: str, surroundings: Surroundings) -> Obtain:
    async def obtain() -> Obtained:
        application = application_of(credential, surroundings)
        ours = surroundings.assertions.sign(audience=credential.audience, subject=destination, life=_LIFE, claims={})
        return await application_token(application, {"client_assertion": ours.value.reveal}, surroundings)

    return obtain


SOURCE = Source(credential=EntraFederatedToken, open=_open)
