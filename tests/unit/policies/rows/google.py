"""Rows of the policies for Google."""

from __future__ import annotations

from tests.unit.policies.rows.row import SECRET, Row, sent
from wicketgate.ir.credentials.google import FederatedToken, MachineToken, SelfSignedToken, ServiceAccountToken

ACCOUNT = {"serviceAccountJson": "$env(SECRET)"}
ENDPOINT = "https://google.internal/token"
METADATA = "http://metadata.google.internal"
FIREBASE_SCOPES = tuple(
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
PROVIDER = "projects/1/locations/global/workloadIdentityPools/p/providers/x"

STORED = "UpstreamGcpServiceAuthInboundPolicy"
ID_TOKEN = Row(
    STORED, {**ACCOUNT, "audience": "https://us"}, sent(ServiceAccountToken(account=SECRET, audience="https://us"))
)
MACHINE = Row(STORED, {"credentialsFrom": "machine", "audience": "us"}, sent(MachineToken(audience="us")))
OF_MACHINE = Row(STORED, {"credentialsFrom": "machine", "scopes": ["a", "b"]}, sent(MachineToken(scopes=("a", "b"))))

FIREBASE = Row(
    "UpstreamFirebaseAdminAuthInboundPolicy",
    ACCOUNT,
    sent(ServiceAccountToken(account=SECRET, scopes=FIREBASE_SCOPES)),
)
SELF_SIGNED = Row(
    "UpstreamGcpJwtInboundPolicy",
    {**ACCOUNT, "audience": "https://pubsub.googleapis.com/"},
    sent(SelfSignedToken(account=SECRET, audience="https://pubsub.googleapis.com/")),
)
FEDERATED = Row(
    "UpstreamGcpFederatedAuthInboundPolicy",
    {"audience": "us", "serviceAccountEmail": "a@b.iam.gserviceaccount.com", "workloadIdentityProvider": PROVIDER},
    sent(FederatedToken(audience="us", service_account="a@b.iam.gserviceaccount.com", provider=PROVIDER)),
)

ROWS = [
    ID_TOKEN,
    ID_TOKEN.but({"credentialsFrom": "key"}),
    ID_TOKEN.but({"tokenEndpoint": ENDPOINT}, token_endpoint=ENDPOINT),
    *(ID_TOKEN.but({"version": version}) for version in (1, 2)),
    Row(STORED, {**ACCOUNT, "scopes": ["a", "b"]}, sent(ServiceAccountToken(account=SECRET, scopes=("a", "b")))),
    MACHINE,
    OF_MACHINE,
    OF_MACHINE.but({"metadataEndpoint": METADATA}, endpoint=METADATA),
    FIREBASE,
    FIREBASE.but({"tokenEndpoint": ENDPOINT}, token_endpoint=ENDPOINT),
    SELF_SIGNED,
    SELF_SIGNED.but({"audience": "https://other/"}, audience="https://other/"),
    FEDERATED,
    FEDERATED.but({"tokenAudience": "https://gateway"}, token_audience="https://gateway"),
    FEDERATED.but({"tokenLifetime": 900}),
    FEDERATED.but({"stsEndpoint": ENDPOINT}, sts_endpoint=ENDPOINT),
    FEDERATED.but({"iamEndpoint": ENDPOINT}, iam_endpoint=ENDPOINT),
]
