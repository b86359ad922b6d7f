"""Credentials of one provider wait for each other, so it must be told who is asked."""

from __future__ import annotations

from typing import Any

import pytest

from tests.providers.surroundings import variable
from wicketgate.ir.credentials.aws import AssumedRole, ContainerKeys, InstanceKeys, RoleByGatewayToken, RoleByKeyPair
from wicketgate.ir.credentials.azure import AppSecret, EntraFederatedToken, EntraToken, ManagedIdentityToken
from wicketgate.ir.credentials.base import Credential
from wicketgate.ir.credentials.gateway_token import GatewayToken
from wicketgate.ir.credentials.google import FederatedToken, MachineToken, ServiceAccountToken
from wicketgate.ir.credentials.oauth import ClientSecret, OAuthToken
from wicketgate.ir.secrets import TextSecret

TEXT = TextSecret(("t",))


def _oauth(url: str) -> OAuthToken:
    return OAuthToken(token_url=url, client_id=TEXT, client=ClientSecret(variable("KEY")))


def _role(**fields: Any) -> AssumedRole:
    return AssumedRole(arn="arn:aws:iam::123456789012:role/r", session_name="s", **fields)


_ENTRA: dict[str, Any] = {"authority": "https://login.example.com", "tenant": TEXT, "client_id": TEXT, "scope": TEXT}
_POOL: dict[str, Any] = {"audience": "a", "service_account": "s", "provider": "projects/1"}


@pytest.mark.parametrize(
    ("credential", "asked"),
    [
        (_oauth("https://ID.example.com/realms/a/token?x=y"), "https://id.example.com"),
        (_oauth("https://id.example.com:8443/token"), "https://id.example.com:8443"),
        (EntraToken(**_ENTRA, proof=AppSecret(variable("KEY"))), "https://login.example.com"),
        (EntraFederatedToken(**_ENTRA, audience="a"), "https://login.example.com"),
        (ManagedIdentityToken(scope=TEXT, client_id=TEXT), "azure-managed"),
        (ManagedIdentityToken(scope=TEXT, client_id=TEXT, endpoint="http://10.0.0.1/x"), "http://10.0.0.1"),
        (ServiceAccountToken(account=TEXT), "google"),
        (ServiceAccountToken(account=TEXT, token_endpoint="https://t.example.com/t"), "https://t.example.com"),
        (MachineToken(), "google-machine"),
        (MachineToken(endpoint="http://10.0.0.1"), "http://10.0.0.1"),
        (FederatedToken(**_POOL), "google-federated"),
        (FederatedToken(**_POOL, sts_endpoint="https://s/x", iam_endpoint="https://i/x"), "https://s https://i"),
        (InstanceKeys(), "aws-instance"),
        (InstanceKeys(endpoint="http://10.0.0.1/"), "http://10.0.0.1"),
        (ContainerKeys(), "aws-container"),
        (ContainerKeys(url="http://10.0.0.1/v1"), "http://10.0.0.1"),
        (RoleByKeyPair(keys=InstanceKeys(), role=_role(region="eu-west-1")), "sts eu-west-1"),
        (RoleByGatewayToken(role=_role(region="eu-west-1")), "sts eu-west-1"),
        (RoleByGatewayToken(role=_role(region="eu-west-1", endpoint="https://sts/")), "https://sts"),
        (GatewayToken(), "gateway"),
    ],
)
def test_who_is_asked(credential: Credential, asked: str) -> None:
    assert credential.asked == asked
