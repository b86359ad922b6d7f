"""The gateway's own token for one of Google: exchanged at STS, then for an ID token of a service account.

Source: https://cloud.google.com/iam/docs/reference/sts/rest/v1/TopLevel/token and
https://cloud.google.com/iam/docs/reference/credentials/rest/v1/projects.serviceAccounts/generateIdToken
"""

from __future__ import annotations

import json

from wicketgate.broker.google_library import Transport, id_token, in_thread
from wicketgate.broker.provider_http import Endpoint, json_object, send, token_of
from wicketgate.broker.source import Obtain, Obtained, Source, Surroundings
from wicketgate.ir.credentials.google import FederatedToken
from wicketgate.secret_value import SecretValue

_STS = "https://sts.googleapis.com/v1/token"
_IAM = "https://iamcredentials.googleapis.com"
_SCOPE = "https://www.googleapis.com/auth/cloud-platform"
_JWT = "urn:ietf:params:oauth:token-type:jwt"
_ASSERTION_LIFE = 120.0


def _open(credential: FederatedToken, destination: str, surroundings: Surroundings) -> Obtain:
    async def obtain() -> Obtained:
        audience = credential.asserted_audience
        ours = surroundings.assertions.sign(audience=audience, subject=destination, life=_ASSERTION_LIFE, claims={})
        federated = await in_thread(surroundings, lambda transport: _exchange(credential, ours.value, transport))
        return await _id_token(credential, federated, surroundings)

    return obtain


class _Held:
    """Gives google-auth the gateway's token (`identity_pool.SubjectTokenSupplier`)."""

    def __init__(self, token: SecretValue) -> None:
        self._token = token

    def get_subject_token(self, *_: object) -> str:
        return self._token.reveal()


def _exchange(credential: FederatedToken, ours: SecretValue, transport: Transport) -> SecretValue:
    from google.auth import identity_pool

    exchanging = identity_pool.Credentials(
        audience=f"//iam.googleapis.com/{credential.provider}",
        subject_token_type=_JWT,
        token_url=credential.sts_endpoint or _STS,
        subject_token_supplier=_Held(ours),
        scopes=[_SCOPE],
    )
    exchanging.refresh(transport)
    # Checked before it is sent on: what cannot be a header would be told, token and all, by the HTTP library.
    return token_of({"access_token": exchanging.token}, now=0.0).value


async def _id_token(credential: FederatedToken, federated: SecretValue, surroundings: Surroundings) -> Obtained:
    base = (credential.iam_endpoint or _IAM).rstrip("/")
    url = f"{base}/v1/projects/-/serviceAccounts/{credential.service_account}:generateIdToken"
    headers = {"authorization": f"Bearer {federated.reveal()}", "content-type": "application/json"}
    body = json.dumps({"audience": credential.audience, "includeEmail": True}).encode()
    now = surroundings.clock()
    reply = await send(Endpoint(url, surroundings.roots), "POST", body, headers=headers)
    return id_token(json_object(reply, now=now).get("token"), reply, now=now)


SOURCE = Source(credential=FederatedToken, open=_open)
