"""Tokens with a key of a service account (https://developers.google.com/identity/protocols/oauth2/service-account)."""

from __future__ import annotations

from typing import Any

from wicketgate.broker.google_library import Transport, account_of, in_thread, obtained, signer_of
from wicketgate.broker.source import Obtain, Obtained, Source, Surroundings
from wicketgate.ir.credentials.google import ServiceAccountToken


def _open(credential: ServiceAccountToken, _: str, surroundings: Surroundings) -> Obtain:
    async def obtain() -> Obtained:
        text = surroundings.texts.text(credential.account)
        account = account_of(text, token_endpoint=credential.token_endpoint)
        token, expiry = await in_thread(surroundings, lambda transport: _ask(credential, account, transport))
        return obtained(token, expiry, now=surroundings.clock())

    return obtain


def _ask(credential: ServiceAccountToken, account: dict[str, str], transport: Transport) -> tuple[Any, Any]:
    from google.oauth2 import service_account

    signer, email, endpoint = signer_of(account), account["client_email"], account["token_uri"]
    if credential.audience:
        asking = service_account.IDTokenCredentials(signer, email, endpoint, credential.audience)
    else:
        asking = service_account.Credentials(signer, email, endpoint, scopes=list(credential.scopes))
    asking.refresh(transport)
    return asking.token, asking.expiry


SOURCE = Source(credential=ServiceAccountToken, open=_open)
