"""Tokens with a key of a service account (https://developers.google.com/identity/protocols/oauth2/service-account)."""

from __future__ import annotations

from wicketgate.broker.google_library import Transport, account_of, id_token, in_thread, signer_of
from wicketgate.broker.provider_http import json_object, token_of
from wicketgate.broker.provider_words import Reply
from wicketgate.broker.source import Obtain, Obtained, Source, Surroundings
from wicketgate.ir.credentials.google import ServiceAccountToken


def _open(credential: ServiceAccountToken, _: str, surroundings: Surroundings) -> Obtain:
    async def obtain() -> Obtained:
        text = surroundings.texts.text(credential.account)
        account, now = account_of(text, token_endpoint=credential.token_endpoint), surroundings.clock()
        reply = await in_thread(surroundings, lambda transport: _ask(credential, account, transport))
        found = json_object(reply, now=now)
        return id_token(found.get("id_token"), reply, now=now) if credential.audience else token_of(found, now=now)

    return obtain


def _ask(credential: ServiceAccountToken, account: dict[str, str], transport: Transport) -> Reply:
    from google.oauth2 import service_account

    signer, email, endpoint = signer_of(account), account["client_email"], account["token_uri"]
    if credential.audience:
        asking = service_account.IDTokenCredentials(signer, email, endpoint, credential.audience)
    else:
        asking = service_account.Credentials(signer, email, endpoint, scopes=list(credential.scopes))
    asking.refresh(transport)
    return transport.answer


SOURCE = Source(credential=ServiceAccountToken, open=_open)
