"""Tokens of the account of a machine in Google: Compute Engine, Cloud Run, GKE with workload identity.

Source: https://cloud.google.com/compute/docs/metadata/predefined-metadata-keys and
https://cloud.google.com/run/docs/securing/service-identity

google-auth is not asked: it takes the address from the environment, for the whole process.
"""

from __future__ import annotations

from urllib.parse import urlencode

from wicketgate.broker.google_library import id_token
from wicketgate.broker.provider_http import Endpoint, json_object, send, token_of
from wicketgate.broker.provider_words import Reply, refusal
from wicketgate.broker.source import Obtain, Obtained, ProviderError, Source, Surroundings
from wicketgate.ir.credentials.google import MachineToken

_METADATA = "http://169.254.169.254"
_ACCOUNT = "/computeMetadata/v1/instance/service-accounts/default/"
_FLAVOR = "metadata-flavor"
_NOT_HERE = "is the gateway running in Google Cloud? Elsewhere use a key, or federation without one"


def _open(credential: MachineToken, _: str, surroundings: Surroundings) -> Obtain:
    async def obtain() -> Obtained:
        now = surroundings.clock()
        if credential.audience:
            asked = {"audience": credential.audience, "format": "full"}
            reply = await _get(credential, f"identity?{urlencode(asked)}", surroundings)
            return id_token(reply.body.decode(errors="replace").strip(), reply, now=now)
        asked = {"scopes": ",".join(credential.scopes)}
        reply = await _get(credential, f"token?{urlencode(asked)}", surroundings)
        return token_of(json_object(reply, now=now), now=now)

    return obtain


async def _get(credential: MachineToken, path: str, surroundings: Surroundings) -> Reply:
    url = f"{(credential.endpoint or _METADATA).rstrip('/')}{_ACCOUNT}{path}"
    try:
        reply = await send(Endpoint(url, surroundings.roots), "GET", b"", headers={_FLAVOR: "Google"})
    except ProviderError as error:
        raise ProviderError(error.message, hint=_NOT_HERE) from None
    if reply.headers.get(_FLAVOR) != "Google":
        raise ProviderError("what answers is not Google's metadata server", hint=_NOT_HERE, final=True)
    if reply.status == 404:
        raise ProviderError("the machine has no service account", hint="attach one to it", final=True)
    if reply.status != 200:
        raise refusal(reply, now=surroundings.clock())
    return reply


SOURCE = Source(credential=MachineToken, open=_open)
