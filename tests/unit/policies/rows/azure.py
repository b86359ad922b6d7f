"""Rows of the policies for Microsoft Entra."""

from __future__ import annotations

from tests.unit.policies.rows.row import SECRET, Row, sent, text
from wicketgate.ir.credentials.azure import (
    AppCertificate,
    AppSecret,
    EntraFederatedToken,
    EntraToken,
    ManagedIdentityToken,
    TokenFile,
)
from wicketgate.ir.secrets import TextSecret

NOTHING = TextSecret(())
PUBLIC = "https://login.microsoftonline.com"
OTHER = "https://login.microsoftonline.us"
APPLICATION = {"activeDirectoryTenantId": "tenant", "activeDirectoryClientId": "app"}

STORED = "UpstreamAzureAdServiceAuthInboundPolicy"
ENTRA = EntraToken(
    authority=PUBLIC, tenant=text("tenant"), client_id=text("app"), scope=NOTHING, proof=AppSecret(SECRET)
)
NO_PROOF = Row(STORED, APPLICATION, sent(ENTRA))
BY_SECRET = NO_PROOF.but({"activeDirectoryClientSecret": "$env(SECRET)"})
MANAGED = Row(
    STORED,
    {"managedIdentity": True, "scope": "api://o/.default"},
    sent(ManagedIdentityToken(scope=text("api://o/.default"), client_id=NOTHING)),
)

FEDERATED = Row(
    "UpstreamAzureFederatedAuthInboundPolicy",
    APPLICATION,
    sent(
        EntraFederatedToken(
            authority=PUBLIC,
            tenant=text("tenant"),
            client_id=text("app"),
            scope=NOTHING,
            audience="api://AzureADTokenExchange",
        )
    ),
)

ROWS = [
    BY_SECRET,
    BY_SECRET.but({"scope": "api://o/.default"}, scope=text("api://o/.default")),
    BY_SECRET.but({"authorityHost": OTHER}, authority=OTHER),
    BY_SECRET.but({"activeDirectoryTenantId": "$env(SECRET)"}, tenant=SECRET),
    NO_PROOF.but({"activeDirectoryClientCertificate": "client"}, proof=AppCertificate("client")),
    NO_PROOF.but({"workloadIdentityTokenFile": "/var/token"}, proof=TokenFile("/var/token")),
    MANAGED,
    MANAGED.but({"activeDirectoryClientId": "mine"}, client_id=text("mine")),
    MANAGED.but({"metadataEndpoint": "http://169.254.169.254"}, endpoint="http://169.254.169.254"),
    FEDERATED,
    FEDERATED.but({"activeDirectoryTenantId": "t"}, tenant=text("t")),
    FEDERATED.but({"activeDirectoryClientId": "c"}, client_id=text("c")),
    FEDERATED.but({"scope": "api://o/.default"}, scope=text("api://o/.default")),
    FEDERATED.but({"tokenAudience": "api://Other"}, audience="api://Other"),
    FEDERATED.but({"authorityHost": OTHER}, authority=OTHER),
]
