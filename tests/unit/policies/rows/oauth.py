"""Rows of the policy for OAuth 2.0 providers."""

from __future__ import annotations

import dataclasses

from tests.unit.policies.rows.row import KEY, SECRET, Row, sent, text
from wicketgate.ir.credentials.oauth import ClientCertificate, ClientSecret, OAuthToken, PrivateKeyJwt

URL = "https://id.example.com/token"
TOKEN = OAuthToken(token_url=URL, client_id=text("us"), client=ClientSecret(SECRET))
EXPORT = "UpstreamOAuthClientCredentialsInboundPolicy"
NOBODY = Row(EXPORT, {"tokenUrl": URL, "clientId": "us"}, sent(TOKEN))
BASIC = NOBODY.to({"clientSecret": "$env(SECRET)"}, TOKEN)
BY_KEY = NOBODY.but(
    {"clientAuthentication": "private_key_jwt", "privateKey": "$env(KEY)"}, client=PrivateKeyJwt(KEY, "ES256")
)

ROWS = [
    BASIC,
    BASIC.but({"clientAuthentication": "client_secret_basic"}),
    BASIC.but({"clientAuthentication": "client_secret_post"}, client=ClientSecret(SECRET, in_form=True)),
    BY_KEY,
    *(
        BY_KEY.but({"privateKeyAlgorithm": algorithm}, client=PrivateKeyJwt(KEY, algorithm))
        for algorithm in ("ES256", "ES384", "RS256", "PS256", "EdDSA")
    ),
    BY_KEY.but({"privateKeyId": "k1"}, client=PrivateKeyJwt(KEY, "ES256", "k1")),
    BY_KEY.but({"assertionAudience": "https://id"}, client=PrivateKeyJwt(KEY, "ES256", audience="https://id")),
    NOBODY.but(
        {"clientAuthentication": "tls_client_auth", "mtlsCertificate": "client"}, client=ClientCertificate("client")
    ),
    BASIC.but({"clientId": "$env(PLAIN)"}, client_id=text("a plain value")),
    BASIC.but({"scope": "a b"}, parameters=(("scope", "a b"),)),
    BASIC.but({"scope": ["a", "$env(PLAIN)"]}, parameters=(("scope", "a a plain value"),)),
    BASIC.but({"audience": "https://orders"}, parameters=(("audience", "https://orders"),)),
    BASIC.but({"resource": "https://r"}, parameters=(("resource", "https://r"),)),
    BASIC.but(
        {"resource": ["https://r", "https://s"]}, parameters=(("resource", "https://r"), ("resource", "https://s"))
    ),
    BASIC.but({"tokenParameters": {"b": "1", "a": "$env(PLAIN)"}}, parameters=(("b", "1"), ("a", "a plain value"))),
    BASIC.but({"tokenParameters": {"audience": "y"}, "scope": "x"}, parameters=(("scope", "x"), ("audience", "y"))),
    BASIC.but({"ca": "certs/ca.pem"}, ca="certs/ca.pem"),
    dataclasses.replace(BASIC.but({"headerName": "X-Token"}), proof=sent(TOKEN, header="x-token")),
    dataclasses.replace(BASIC.but({"tokenPrefix": "Token"}), proof=sent(TOKEN, prefix="Token ")),
    dataclasses.replace(BASIC.but({"tokenPrefix": ""}), proof=sent(TOKEN, prefix="")),
]
