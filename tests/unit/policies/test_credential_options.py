"""Every option of every policy with a credential has the effect that it says, from policies.json to the credential."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.unit.policies.lowered import HOST, Kind, kind_of, lowered
from wicketgate.control.secret_sources import described, source_of
from wicketgate.ir.credentials.aws import AssumedRole, KeyPair, RoleByGatewayToken, RoleByKeyPair
from wicketgate.ir.credentials.azure import AppCertificate, AppSecret, EntraFederatedToken, EntraToken, TokenFile
from wicketgate.ir.credentials.base import Credential, Renewal
from wicketgate.ir.credentials.gateway_token import GatewayToken
from wicketgate.ir.credentials.google import FederatedToken, SelfSignedToken, ServiceAccountToken
from wicketgate.ir.credentials.oauth import ClientCertificate, ClientSecret, OAuthToken, PrivateKeyJwt
from wicketgate.ir.origin import SignatureProof, Signing, SigningAlgorithm, TokenProof, Verifier
from wicketgate.ir.secrets import SigningKeys, TextSecret, VariableRef
from wicketgate.policies.upstream_firebase_admin_auth_inbound import _SCOPES
from wicketgate.policy.registry import built_in_policies

OAUTH = kind_of("upstream-oauth-client-credentials-inbound", export="UpstreamOAuthClientCredentialsInboundPolicy")
AZURE = kind_of("upstream-azure-ad-service-auth-inbound")
AZURE_FEDERATED = kind_of("upstream-azure-federated-auth-inbound")
GOOGLE = kind_of("upstream-gcp-service-auth-inbound")
GOOGLE_FEDERATED = kind_of("upstream-gcp-federated-auth-inbound")
GOOGLE_JWT = kind_of("upstream-gcp-jwt-inbound")
FIREBASE = kind_of("upstream-firebase-admin-auth-inbound")
AWS = kind_of("upstream-aws-service-auth-inbound")
AWS_FEDERATED = kind_of("upstream-aws-federated-auth-inbound")
SIGNED = kind_of("sign-request-inbound")
GATEWAY = kind_of("upstream-zuplo-jwt-auth-inbound")

SECRET, ID, TOKEN = (TextSecret((VariableRef(name),)) for name in ("SECRET", "ID", "TOKEN"))
US, TENANT, SCOPE = (TextSecret((text,)) for text in ("us", "tenant", "api://orders/.default"))
URL = "https://id.example.com/token"
OTHER = "https://private.example.com/sts"
PUBLIC = "https://login.microsoftonline.com"
ROLE = "arn:aws:iam::123456789012:role/orders"
POOL = "projects/1/locations/global/workloadIdentityPools/p/providers/x"
EMAIL = "orders@shop.iam.gserviceaccount.com"

_CLIENT = {"tokenUrl": URL, "clientId": "us"}
_BY_SECRET = {**_CLIENT, "clientSecret": "$env(SECRET)"}
_BY_KEY = {**_CLIENT, "clientAuthentication": "private_key_jwt", "privateKey": "$env(SECRET)"}
_APP = {"activeDirectoryTenantId": "tenant", "activeDirectoryClientId": "us"}
_APP_SECRET = {**_APP, "activeDirectoryClientSecret": "$env(SECRET)"}
_ACCOUNT = {"serviceAccountJson": "$env(SECRET)"}
_POOL = {"audience": "orders", "serviceAccountEmail": EMAIL, "workloadIdentityProvider": POOL}
_PAIR = {"accessKeyId": "$env(ID)", "secretAccessKey": "$env(SECRET)"}
_KEYS = KeyPair(access_key_id=ID, secret_access_key=SECRET)


def _oauth(**fields: Any) -> OAuthToken:
    return OAuthToken(**{"token_url": URL, "client_id": US, "client": ClientSecret(SECRET), **fields})


def _entra(**fields: Any) -> EntraToken:
    given = {
        "authority": PUBLIC,
        "tenant": TENANT,
        "client_id": US,
        "scope": TextSecret(()),
        "proof": AppSecret(SECRET),
    }
    return EntraToken(**{**given, **fields})


def _entra_federated(**fields: Any) -> EntraFederatedToken:
    given = {"authority": PUBLIC, "tenant": TENANT, "client_id": US, "scope": TextSecret(())}
    return EntraFederatedToken(**{**given, "audience": "api://AzureADTokenExchange", **fields})


def _pool(**fields: Any) -> FederatedToken:
    return FederatedToken(**{"audience": "orders", "service_account": EMAIL, "provider": POOL, **fields})


def _role(**fields: Any) -> AssumedRole:
    return AssumedRole(**{"arn": ROLE, "session_name": "wicketgate", "region": "eu-west-1", **fields})


def _by_pair(*, external_id: str = "", **fields: Any) -> RoleByKeyPair:
    return RoleByKeyPair(keys=_KEYS, role=_role(**fields), external_id=external_id)


def _parameters(*pairs: tuple[str, str]) -> OAuthToken:
    return _oauth(parameters=pairs)


ROWS: list[tuple[Kind, dict[str, Any], Credential]] = [
    (OAUTH, _BY_SECRET, _oauth()),
    (OAUTH, {**_BY_SECRET, "clientId": "$env(ID)"}, _oauth(client_id=ID)),
    (OAUTH, {**_BY_SECRET, "clientAuthentication": "client_secret_basic"}, _oauth()),
    (
        OAUTH,
        {**_BY_SECRET, "clientAuthentication": "client_secret_post"},
        _oauth(client=ClientSecret(SECRET, in_form=True)),
    ),
    (OAUTH, _BY_KEY, _oauth(client=PrivateKeyJwt(SECRET, "ES256"))),
    *(
        (OAUTH, {**_BY_KEY, "privateKeyAlgorithm": name}, _oauth(client=PrivateKeyJwt(SECRET, name)))
        for name in ("ES256", "ES384", "RS256", "PS256", "EdDSA")
    ),
    (OAUTH, {**_BY_KEY, "privateKeyId": "k1"}, _oauth(client=PrivateKeyJwt(SECRET, "ES256", "k1"))),
    (
        OAUTH,
        {**_BY_KEY, "assertionAudience": "https://id.example.com"},
        _oauth(client=PrivateKeyJwt(SECRET, "ES256", "", "https://id.example.com")),
    ),
    (
        OAUTH,
        {**_CLIENT, "clientAuthentication": "tls_client_auth", "mtlsCertificate": "client"},
        _oauth(client=ClientCertificate("client")),
    ),
    (OAUTH, {**_BY_SECRET, "scope": "a b"}, _parameters(("scope", "a b"))),
    (OAUTH, {**_BY_SECRET, "scope": ["a", "b"]}, _parameters(("scope", "a b"))),
    (OAUTH, {**_BY_SECRET, "audience": "orders"}, _parameters(("audience", "orders"))),
    (OAUTH, {**_BY_SECRET, "resource": "https://a"}, _parameters(("resource", "https://a"))),
    (
        OAUTH,
        {**_BY_SECRET, "resource": ["https://a", "https://b"]},
        _parameters(("resource", "https://a"), ("resource", "https://b")),
    ),
    (
        OAUTH,
        {**_BY_SECRET, "scope": "a", "tokenParameters": {"tenant": "t", "x": "y"}},
        _parameters(("scope", "a"), ("tenant", "t"), ("x", "y")),
    ),
    (OAUTH, {**_BY_SECRET, "ca": "certs/ca.pem"}, _oauth(ca="certs/ca.pem")),
    (AZURE, _APP_SECRET, _entra()),
    (AZURE, {**_APP_SECRET, "scope": "api://orders/.default"}, _entra(scope=SCOPE)),
    (
        AZURE,
        {**_APP_SECRET, "activeDirectoryTenantId": "$env(ID)", "activeDirectoryClientId": "$env(TOKEN)"},
        _entra(tenant=ID, client_id=TOKEN),
    ),
    (AZURE, {**_APP, "activeDirectoryClientCertificate": "client"}, _entra(proof=AppCertificate("client"))),
    (AZURE, {**_APP, "workloadIdentityTokenFile": "/run/token"}, _entra(proof=TokenFile("/run/token"))),
    (
        AZURE,
        {**_APP_SECRET, "authorityHost": "https://login.microsoftonline.us"},
        _entra(authority="https://login.microsoftonline.us"),
    ),
    (AZURE_FEDERATED, _APP, _entra_federated()),
    (AZURE_FEDERATED, {**_APP, "scope": "api://orders/.default"}, _entra_federated(scope=SCOPE)),
    (AZURE_FEDERATED, {**_APP, "tokenAudience": "other"}, _entra_federated(audience="other")),
    (
        AZURE_FEDERATED,
        {**_APP, "authorityHost": "https://login.chinacloudapi.cn"},
        _entra_federated(authority="https://login.chinacloudapi.cn"),
    ),
    (GOOGLE, {**_ACCOUNT, "audience": "orders"}, ServiceAccountToken(account=SECRET, audience="orders")),
    (GOOGLE, {**_ACCOUNT, "scopes": ["a", "b"]}, ServiceAccountToken(account=SECRET, scopes=("a", "b"))),
    (
        GOOGLE,
        {**_ACCOUNT, "audience": "orders", "credentialsFrom": "key", "tokenEndpoint": URL},
        ServiceAccountToken(account=SECRET, audience="orders", token_endpoint=URL),
    ),
    *(
        (
            GOOGLE,
            {**_ACCOUNT, "audience": "orders", "version": version},
            ServiceAccountToken(account=SECRET, audience="orders"),
        )
        for version in (1, 2)
    ),
    (
        GOOGLE,
        {**_ACCOUNT, "audience": "orders", "useMemoryCacheOnly": True},
        ServiceAccountToken(account=SECRET, audience="orders", renewal=Renewal(remembered=False)),
    ),
    (
        GOOGLE,
        {**_ACCOUNT, "audience": "orders", "useMemoryCacheOnly": False},
        ServiceAccountToken(account=SECRET, audience="orders"),
    ),
    (GOOGLE_FEDERATED, _POOL, _pool()),
    (GOOGLE_FEDERATED, {**_POOL, "tokenLifetime": 3600}, _pool()),
    (GOOGLE_FEDERATED, {**_POOL, "tokenAudience": "other"}, _pool(token_audience="other")),
    (GOOGLE_FEDERATED, {**_POOL, "stsEndpoint": OTHER}, _pool(sts_endpoint=OTHER)),
    (GOOGLE_FEDERATED, {**_POOL, "iamEndpoint": OTHER}, _pool(iam_endpoint=OTHER)),
    (GOOGLE_FEDERATED, {**_POOL, "useMemoryCacheOnly": True}, _pool(renewal=Renewal(remembered=False))),
    (GOOGLE_JWT, {**_ACCOUNT, "audience": "orders"}, SelfSignedToken(account=SECRET, audience="orders")),
    (FIREBASE, _ACCOUNT, ServiceAccountToken(account=SECRET, scopes=_SCOPES)),
    (
        FIREBASE,
        {**_ACCOUNT, "tokenEndpoint": URL},
        ServiceAccountToken(account=SECRET, scopes=_SCOPES, token_endpoint=URL),
    ),
    (AWS, _PAIR, _KEYS),
    (AWS, {**_PAIR, "credentialsFrom": "keys"}, _KEYS),
    (
        AWS,
        {**_PAIR, "sessionToken": "$env(TOKEN)"},
        KeyPair(access_key_id=ID, secret_access_key=SECRET, session_token=TOKEN),
    ),
    (AWS, {**_PAIR, "roleArn": ROLE}, _by_pair()),
    (AWS, {**_PAIR, "roleArn": ROLE, "region": "us-east-1"}, _by_pair(region="us-east-1")),
    (AWS, {**_PAIR, "roleArn": ROLE, "roleSessionName": "orders"}, _by_pair(session_name="orders")),
    (AWS, {**_PAIR, "roleArn": ROLE, "externalId": "tenant-7"}, _by_pair(external_id="tenant-7")),
    (AWS, {**_PAIR, "roleArn": ROLE, "durationSeconds": 43_200}, _by_pair(life=43_200)),
    (AWS, {**_PAIR, "roleArn": ROLE, "stsEndpoint": OTHER}, _by_pair(endpoint=OTHER)),
    (AWS_FEDERATED, {"roleArn": ROLE}, RoleByGatewayToken(role=_role())),
    (AWS_FEDERATED, {"roleArn": ROLE, "audience": "other"}, RoleByGatewayToken(role=_role(), audience="other")),
    (
        AWS_FEDERATED,
        {"roleArn": ROLE, "roleSessionName": "orders"},
        RoleByGatewayToken(role=_role(session_name="orders")),
    ),
    (AWS_FEDERATED, {"roleArn": ROLE, "durationSeconds": 900}, RoleByGatewayToken(role=_role(life=900))),
    (AWS_FEDERATED, {"roleArn": ROLE, "stsEndpoint": OTHER}, RoleByGatewayToken(role=_role(endpoint=OTHER))),
    (SIGNED, {"keyId": "$env(ID)", "secret": "$env(SECRET)"}, _KEYS),
    (GATEWAY, {"audience": "orders"}, GatewayToken(audience="orders")),
    (GATEWAY, {}, GatewayToken(audience=f"https://{HOST}")),
    (
        GATEWAY,
        {"audience": "orders", "additionalClaims": {"b": 1, "a": [2]}},
        GatewayToken(audience="orders", claims='{"a": [2], "b": 1}'),
    ),
    (GATEWAY, {"audience": "orders", "expiresIn": "2m"}, GatewayToken(audience="orders", life=120.0)),
]

RENEWED = {"tokenRetries": 7, "expirationOffsetSeconds": 11}


@pytest.mark.parametrize(("kind", "options", "credential"), ROWS)
def test_what_is_written_is_the_credential(
    tmp_path: Path, kind: Kind, options: dict[str, Any], credential: Credential
) -> None:
    proof, _ = lowered(tmp_path, kind, options)
    source = SigningKeys(proof.keys) if isinstance(proof, SignatureProof) else proof.token
    assert source.use.credential == credential
    assert source.use.destination == HOST
    assert source_of(described(source)) == source, "it outlives a restart in writing"


@pytest.mark.parametrize(("kind", "options"), [(kind, options) for kind, options, _ in ROWS])
def test_every_credential_is_renewed_as_its_policy_says(tmp_path: Path, kind: Kind, options: dict[str, Any]) -> None:
    proof, _ = lowered(tmp_path, kind, {**options, **RENEWED})
    use = proof.keys if isinstance(proof, SignatureProof) else proof.token.use
    forgotten = options.get("useMemoryCacheOnly", False)
    assert use.credential.renewal == Renewal(7, 11.0, remembered=not forgotten)
    keys = use.credential.keys if isinstance(use.credential, RoleByKeyPair) else None
    assert keys is None or keys.renewal == use.credential.renewal


SENT: list[tuple[Kind, dict[str, Any], str, str]] = [
    (kind, {**options, **written}, header, prefix)
    for kind, options in ((OAUTH, _BY_SECRET), (GATEWAY, {"audience": "orders"}))
    for written, header, prefix in (
        ({}, "authorization", "Bearer "),
        ({"headerName": "X-Token"}, "x-token", "Bearer "),
        ({"tokenPrefix": "Token"}, "authorization", "Token "),
        ({"tokenPrefix": ""}, "authorization", ""),
    )
]


@pytest.mark.parametrize(("kind", "options", "header", "prefix"), SENT)
def test_where_a_token_is_sent(tmp_path: Path, kind: Kind, options: dict[str, Any], header: str, prefix: str) -> None:
    proof, _ = lowered(tmp_path, kind, options)
    assert isinstance(proof, TokenProof)
    assert (proof.header, proof.token.prefix) == (header, prefix)


SIGNINGS: list[tuple[Kind, dict[str, Any], Signing]] = [
    (kind, {**options, **written}, signing)
    for kind, options in ((AWS, _PAIR), (AWS_FEDERATED, {"roleArn": ROLE}))
    for written, signing in (
        ({}, Signing("execute-api", "eu-west-1")),
        ({"region": "us-east-1"}, Signing("execute-api", "us-east-1")),
        ({"service": "vpc-lattice-svcs"}, Signing("vpc-lattice-svcs", "eu-west-1")),
        ({"payload": "unsigned"}, Signing("execute-api", "eu-west-1", signs_payload=False)),
        (
            {"algorithm": "sigv4a", "region": "eu-west-1,us-east-1"},
            Signing("execute-api", "eu-west-1,us-east-1", SigningAlgorithm.SIGV4A),
        ),
    )
] + [
    (SIGNED, {"keyId": "$env(ID)", "secret": "$env(SECRET)", **written}, replace(signing, verifier=Verifier.GUARD))
    for written, signing in (
        ({}, Signing("wicketgate", "origin")),
        ({"region": "a", "service": "b"}, Signing("b", "a")),
        ({"algorithm": "sigv4a", "region": "a,b"}, Signing("wicketgate", "a,b", SigningAlgorithm.SIGV4A)),
        ({"payload": "unsigned"}, Signing("wicketgate", "origin", signs_payload=False)),
    )
]


@pytest.mark.parametrize(("kind", "options", "signing"), SIGNINGS)
def test_how_requests_are_signed(tmp_path: Path, kind: Kind, options: dict[str, Any], signing: Signing) -> None:
    proof, _ = lowered(tmp_path, kind, options)
    assert isinstance(proof, SignatureProof)
    assert proof.signing == signing


def test_no_option_is_left_out_here() -> None:
    """One that is new has to show its effect, here or in test_machine_credentials.py."""
    of_all = {*RENEWED, "allowedHosts"}
    of_machines = {"credentialsFrom", "managedIdentity", "metadataEndpoint", "metadataTokenFile"}
    shown: dict[str, set[str]] = {}
    sent = [(kind, options) for kind, options, _, _ in SENT]
    signed = [(kind, options) for kind, options, _ in SIGNINGS]
    for kind, options in [*((kind, options) for kind, options, _ in ROWS), *sent, *signed]:
        shown.setdefault(kind[1], set()).update(options)
    known = built_in_policies()
    for export, written in shown.items():
        named = {str(field.alias) for field in known[export].options.model_fields.values()}
        assert named - written - of_all - of_machines == set(), export
    kinds = {export for export, each in known.items() if "token_retries" in each.options.model_fields}
    assert kinds == shown.keys()
