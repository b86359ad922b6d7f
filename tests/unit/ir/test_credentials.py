"""Credentials that are equal are one: the broker keeps them by value, and their resources go by names made of them."""

from __future__ import annotations

from wicketgate.envoy.names import use_name
from wicketgate.ir.credentials.base import CredentialUse, Renewal
from wicketgate.ir.credentials.gateway_token import GatewayToken


def test_what_is_equal_has_one_name() -> None:
    uses = [
        CredentialUse(GatewayToken(audience="orders", renewal=Renewal(3, offset)), "api.example.com")
        for offset in (300, 300.0)
    ]
    assert uses[0] == uses[1]
    assert use_name(uses[0]) == use_name(uses[1])


def test_what_differs_has_two() -> None:
    credentials = [GatewayToken(audience=audience, renewal=Renewal()) for audience in ("orders", "billing")]
    names = {use_name(CredentialUse(credential, "api.example.com")) for credential in credentials}
    assert len(names) == 2
