"""Send the origin an access token with which Firebase lets administrators in
(https://zuplo.com/docs/policies/upstream-firebase-admin-auth-inbound).
"""

from __future__ import annotations

from collections.abc import Iterable

from wicketgate.ir.credentials.google import ServiceAccountToken
from wicketgate.ir.steps import InboundStep, SendToken
from wicketgate.policy import Direction, Policy, PolicyContext
from wicketgate.spec.base import CredentialText
from wicketgate.spec.credentials import CredentialOptions, Endpoint

_SCOPES = tuple(
    f"https://www.googleapis.com/auth/{scope}"
    for scope in (
        "cloud-platform",
        "datastore",
        "devstorage.read_write",
        "firebase.database",
        "identitytoolkit",
        "userinfo.email",
    )
)
"""What Firebase's own administration libraries ask for."""


class UpstreamFirebaseAdminAuthInboundOptions(CredentialOptions):
    service_account_json: CredentialText
    """The key file of the service account, as `$env(NAME)`."""
    token_endpoint: Endpoint | None = None
    """Google's token endpoint, where it is not the public one."""


def _lower(options: UpstreamFirebaseAdminAuthInboundOptions, at: PolicyContext) -> Iterable[InboundStep]:
    credential = ServiceAccountToken(
        renewal=options.renewal,
        account=options.service_account_json,
        scopes=_SCOPES,
        token_endpoint=options.token_endpoint or "",
    )
    return [SendToken("authorization", "Bearer ", credential, options.allowed_hosts)]


POLICY = Policy(
    policy_type="upstream-firebase-admin-auth-inbound",
    export="UpstreamFirebaseAdminAuthInboundPolicy",
    direction=Direction.INBOUND,
    options=UpstreamFirebaseAdminAuthInboundOptions,
    lower=_lower,
)
