"""A key pair of AWS, or of our own: nobody is asked."""

from __future__ import annotations

from wicketgate.broker.signing_keys import signing_keys
from wicketgate.broker.source import Obtain, Obtained, Source, Surroundings
from wicketgate.ir.credentials.aws import KeyPair

_LOOKED_AT_AGAIN = 365 * 86_400.0
"""Seconds. It does not end; what changes it is a variable, and that is noticed at once."""


def key_pair(credential: KeyPair, surroundings: Surroundings) -> dict[str, str]:
    """Return the pair as STS writes one. Raises `WicketError` for a variable that is not set."""
    found = {
        "AccessKeyId": surroundings.texts.text(credential.access_key_id).reveal(),
        "SecretAccessKey": surroundings.texts.text(credential.secret_access_key).reveal(),
    }
    if credential.session_token is not None:
        found["SessionToken"] = surroundings.texts.text(credential.session_token).reveal()
    return found


def _open(credential: KeyPair, _: str, surroundings: Surroundings) -> Obtain:
    async def obtain() -> Obtained:
        return signing_keys(key_pair(credential, surroundings), expires_at=surroundings.clock() + _LOOKED_AT_AGAIN)

    return obtain


SOURCE = Source(credential=KeyPair, open=_open)
