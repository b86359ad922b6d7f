"""Rows of the policies whose credentials are the gateway's own: its token, and signatures with a key of the user's."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from tests.unit.policies.rows.row import HOST, SECRET, Row, sent, signed, text
from wicketgate.ir.credentials.aws import KeyPair
from wicketgate.ir.credentials.gateway_token import GatewayToken
from wicketgate.ir.origin import Signing, SigningAlgorithm, Verifier

TOKEN = GatewayToken(audience="orders")
SENT = Row("UpstreamZuploJwtAuthInboundPolicy", {"audience": "orders"}, sent(TOKEN))

KEYS = KeyPair(access_key_id=text("us"), secret_access_key=SECRET)
GUARDED = Signing("wicketgate", "origin", verifier=Verifier.GUARD)
SIGNED = Row("SignRequestInboundPolicy", {"keyId": "us", "secret": "$env(SECRET)"}, signed(KEYS, GUARDED))


def _signed(options: Mapping[str, Any], **changes: Any) -> Row:
    proof = signed(KEYS, dataclasses.replace(GUARDED, **changes))
    return dataclasses.replace(SIGNED.but(options), proof=proof)


ROWS = [
    SENT,
    Row(SENT.export, {}, sent(GatewayToken(audience=f"https://{HOST}"))),
    dataclasses.replace(SENT.but({"headerName": "X-Token"}), proof=sent(TOKEN, header="x-token")),
    dataclasses.replace(SENT.but({"tokenPrefix": "Token"}), proof=sent(TOKEN, prefix="Token ")),
    dataclasses.replace(SENT.but({"tokenPrefix": ""}), proof=sent(TOKEN, prefix="")),
    SENT.but(
        {"additionalClaims": {"b": 1, "a": {"c": ["$env(PLAIN)"]}}}, claims='{"a": {"c": ["a plain value"]}, "b": 1}'
    ),
    SENT.but({"expiresIn": 60}, life=60.0),
    SENT.but({"expiresIn": "5m"}, life=300.0),
    SIGNED,
    SIGNED.but({"keyId": "them"}, access_key_id=text("them")),
    _signed({"service": "orders"}, service="orders"),
    _signed({"region": "here"}, region="here"),
    _signed({"algorithm": "sigv4"}),
    _signed({"algorithm": "sigv4a"}, algorithm=SigningAlgorithm.SIGV4A),
    _signed({"payload": "signed"}),
    _signed({"payload": "unsigned"}, signs_payload=False),
]
