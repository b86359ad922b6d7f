"""Self-signed JWTs, which some Google APIs take in place of an access token (https://google.aip.dev/auth/4111)."""

from __future__ import annotations

from typing import Any

from wicketgate.broker.google_library import account_of, obtained, signer_of
from wicketgate.broker.source import Obtain, Obtained, Source, Surroundings
from wicketgate.ir.credentials.google import SelfSignedToken


def _open(credential: SelfSignedToken, _: str, surroundings: Surroundings) -> Obtain:
    async def obtain() -> Obtained:
        account = account_of(surroundings.texts.text(credential.account), token_endpoint="")
        token, expiry = await surroundings.in_thread(_sign, credential, account)
        return obtained(token, expiry, now=surroundings.clock())

    return obtain


def _sign(credential: SelfSignedToken, account: dict[str, str]) -> tuple[Any, Any]:
    from google.auth import jwt

    email = account["client_email"]
    signing = jwt.Credentials(signer_of(account), issuer=email, subject=email, audience=credential.audience)
    signing.refresh(None)
    return signing.token, signing.expiry


SOURCE = Source(credential=SelfSignedToken, open=_open)
