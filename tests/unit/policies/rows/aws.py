"""Rows of the policies for AWS."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from tests.unit.policies.rows.row import KEY, SECRET, Row, signed, text
from wicketgate.ir.credentials.aws import (
    AssumedRole,
    AwsKeys,
    ContainerKeys,
    InstanceKeys,
    KeyPair,
    RoleByGatewayToken,
    RoleByKeyPair,
)
from wicketgate.ir.credentials.base import Credential
from wicketgate.ir.origin import Signing, SigningAlgorithm

HOST = "abc.execute-api.eu-west-1.amazonaws.com"
ARN = "arn:aws:iam::123456789012:role/orders"
STS = "https://sts.internal"
TOLD = Signing("execute-api", "eu-west-1")
"""What the host tells."""
SIGV4A = SigningAlgorithm.SIGV4A

STORED, FEDERATED = "UpstreamAwsServiceAuthInboundPolicy", "UpstreamAwsFederatedAuthInboundPolicy"
PAIR = KeyPair(access_key_id=text("AKID"), secret_access_key=SECRET)
ROLE = AssumedRole(arn=ARN, session_name="wicketgate", region="eu-west-1")


def _row(export: str, options: Mapping[str, Any], credential: Credential, signing: Signing = TOLD) -> Row:
    return Row(export, options, signed(credential, signing, host=HOST), HOST)


KEYS = _row(STORED, {"accessKeyId": "AKID", "secretAccessKey": "$env(SECRET)"}, PAIR)
INSTANCE = _row(STORED, {"credentialsFrom": "instance"}, InstanceKeys())
CONTAINER = _row(STORED, {"credentialsFrom": "container"}, ContainerKeys())
BY_TOKEN = _row(FEDERATED, {"roleArn": ARN}, RoleByGatewayToken(role=ROLE))


def _assumed(keys: Row, options: Mapping[str, Any], **changes: Any) -> Row:
    """Return a row that assumes the role with other keys."""
    if not isinstance(keys.credential, AwsKeys):
        raise TypeError("a role is assumed with keys")
    role = dataclasses.replace(ROLE, **changes)
    return keys.to({"roleArn": ARN, **options}, RoleByKeyPair(keys=keys.credential, role=role))


def _how_it_signs(row: Row) -> list[Row]:
    """Return rows of the options that all policies for AWS have."""
    told: list[tuple[dict[str, Any], Signing]] = [
        ({"region": "eu-west-1"}, TOLD),
        ({"service": "vpc-lattice-svcs"}, dataclasses.replace(TOLD, service="vpc-lattice-svcs")),
        ({"payload": "signed"}, TOLD),
        ({"payload": "unsigned"}, dataclasses.replace(TOLD, signs_payload=False)),
        ({"algorithm": "sigv4"}, TOLD),
        (
            {"algorithm": "sigv4a", "region": "eu-west-1,us-east-*"},
            Signing("execute-api", "eu-west-1,us-east-*", SIGV4A),
        ),
    ]
    return [_row(row.export, {**row.options, **options}, row.credential, signing) for options, signing in told]


ROLE_BY_KEYS = _assumed(KEYS, {})

ROWS = [
    KEYS,
    *_how_it_signs(KEYS),
    _row(STORED, {**KEYS.options, "region": "us-east-1"}, PAIR, dataclasses.replace(TOLD, region="us-east-1")),
    _row(STORED, {**KEYS.options, "algorithm": "sigv4a", "region": "*"}, PAIR, Signing("execute-api", "*", SIGV4A)),
    KEYS.but({"accessKeyId": "$env(KEY)"}, access_key_id=KEY),
    KEYS.but({"secretAccessKey": "$env(KEY)"}, secret_access_key=KEY),
    KEYS.but({"sessionToken": "$env(KEY)"}, session_token=KEY),
    KEYS.but({"credentialsFrom": "keys"}),
    INSTANCE,
    INSTANCE.but({"metadataEndpoint": "http://[fd00:ec2::254]"}, endpoint="http://[fd00:ec2::254]"),
    CONTAINER,
    CONTAINER.but(
        {"metadataEndpoint": "http://169.254.170.23/v1/credentials", "metadataTokenFile": "/var/run/token"},
        url="http://169.254.170.23/v1/credentials",
        token_file="/var/run/token",
    ),
    ROLE_BY_KEYS,
    _assumed(INSTANCE, {}),
    _assumed(CONTAINER, {}),
    _assumed(KEYS, {"roleSessionName": "orders"}, session_name="orders"),
    _assumed(KEYS, {"externalId": "x"}).but({}, external_id="x"),
    _assumed(KEYS, {"durationSeconds": 900}, life=900),
    _assumed(KEYS, {"stsEndpoint": STS}, endpoint=STS),
    BY_TOKEN,
    *_how_it_signs(BY_TOKEN),
    BY_TOKEN.but({"roleSessionName": "orders"}, role=dataclasses.replace(ROLE, session_name="orders")),
    BY_TOKEN.but({"audience": "orders"}, audience="orders"),
    BY_TOKEN.but({"durationSeconds": 900}, role=dataclasses.replace(ROLE, life=900)),
    BY_TOKEN.but({"stsEndpoint": STS}, role=dataclasses.replace(ROLE, endpoint=STS)),
]
