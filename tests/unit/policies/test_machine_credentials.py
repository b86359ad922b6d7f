"""Options that take the machine's own identity become credentials of it, which outlive a restart in writing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.unit.policies.lowered import lowered
from wicketgate.control.secret_sources import described, source_of
from wicketgate.ir.credentials.aws import AssumedRole, ContainerKeys, InstanceKeys, RoleByKeyPair
from wicketgate.ir.credentials.azure import ManagedIdentityToken
from wicketgate.ir.credentials.base import Credential, Renewal
from wicketgate.ir.credentials.google import MachineToken
from wicketgate.ir.origin import SignatureProof
from wicketgate.ir.secrets import SigningKeys, TextSecret

AWS = "upstream-aws-service-auth-inbound", "UpstreamAwsServiceAuthInboundPolicy"
AZURE = "upstream-azure-ad-service-auth-inbound", "UpstreamAzureAdServiceAuthInboundPolicy"
GCP = "upstream-gcp-service-auth-inbound", "UpstreamGcpServiceAuthInboundPolicy"
ROLE = "arn:aws:iam::123456789012:role/orders"
ASSUMED = AssumedRole(arn=ROLE, session_name="wicketgate", region="eu-west-1")
RENEWAL = Renewal(1, 60)


@pytest.mark.parametrize(
    ("kind", "options", "credential"),
    [
        (AWS, {"credentialsFrom": "instance"}, InstanceKeys(renewal=RENEWAL)),
        (
            AWS,
            {"credentialsFrom": "instance", "metadataEndpoint": "http://[fd00:ec2::254]"},
            InstanceKeys(renewal=RENEWAL, endpoint="http://[fd00:ec2::254]"),
        ),
        (AWS, {"credentialsFrom": "container"}, ContainerKeys(renewal=RENEWAL)),
        (
            AWS,
            {
                "credentialsFrom": "container",
                "metadataEndpoint": "http://169.254.170.23/v1/credentials",
                "metadataTokenFile": "/var/run/token",
            },
            ContainerKeys(renewal=RENEWAL, url="http://169.254.170.23/v1/credentials", token_file="/var/run/token"),
        ),
        (
            AWS,
            {"credentialsFrom": "instance", "roleArn": ROLE},
            RoleByKeyPair(renewal=RENEWAL, keys=InstanceKeys(renewal=RENEWAL), role=ASSUMED),
        ),
        (
            AZURE,
            {"managedIdentity": True, "scope": "api://o/.default", "metadataEndpoint": "http://169.254.169.254"},
            ManagedIdentityToken(
                renewal=RENEWAL,
                scope=TextSecret(("api://o/.default",)),
                client_id=TextSecret(()),
                endpoint="http://169.254.169.254",
            ),
        ),
        (GCP, {"credentialsFrom": "machine", "audience": "us"}, MachineToken(renewal=RENEWAL, audience="us")),
        (
            GCP,
            {
                "credentialsFrom": "machine",
                "scopes": ["a", "b"],
                "metadataEndpoint": "http://metadata.google.internal",
            },
            MachineToken(renewal=RENEWAL, scopes=("a", "b"), endpoint="http://metadata.google.internal"),
        ),
    ],
)
def test_what_is_written_is_the_credential(
    tmp_path: Path, kind: tuple[str, str], options: dict[str, Any], credential: Credential
) -> None:
    proof, _ = lowered(tmp_path, kind, {**options, "tokenRetries": 1, "expirationOffsetSeconds": 60})
    source = SigningKeys(proof.keys) if isinstance(proof, SignatureProof) else proof.token
    assert source.use.credential == credential
    assert source_of(described(source)) == source
