"""Refusals as the clouds word them, and what they come down to."""

from __future__ import annotations

import pytest

from wicketgate.federate.refusals import explain


@pytest.mark.parametrize(
    ("refusal", "meaning", "remedy"),
    [
        (
            "invalid_client: AADSTS70021: No matching federated identity record found for presented assertion.",
            "no federated credential",
            "wicket federate",
        ),
        (
            "AADSTS700213: No matching federated identity record found for presented assertion subject",
            "subject",
            "apply",
        ),
        (
            "AADSTS700016: Application with identifier 'x' was not found in the directory",
            "not in this tenant",
            "client id",
        ),
        ("AADSTS7000215: Invalid client secret provided.", "secret is wrong", "value"),
        ("AADSTS700024: Client assertion is not within its valid time range.", "too old", "NTP"),
        ("invalid_grant: Error connecting to the given credential's issuer.", "cannot reach", "export-jwks"),
        ("The audience in ID Token [x] does not match the expected audience.", "another audience", "apply"),
        ("unauthorized_client: The given credential is rejected by the attribute condition.", "condition", "apply"),
        ("Permission 'iam.serviceAccounts.getOpenIdToken' denied on resource", "may not act", "workloadIdentityUser"),
        ("InvalidIdentityToken: No OpenIDConnect provider found in your account for https://g", "no identity", "apply"),
        ("InvalidIdentityToken: Incorrect token audience", "another audience", "apply"),
        ("AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity", "trust policy", "apply"),
        ("ExpiredTokenException: Token expired", "out of date", "NTP"),
    ],
)
def test_a_refusal_is_explained(refusal: str, meaning: str, remedy: str) -> None:
    found = explain(refusal)
    assert found is not None
    assert meaning in found.meaning
    assert remedy in found.remedy


def test_the_longer_code_is_not_taken_for_the_shorter() -> None:
    short, long = explain("AADSTS70021: no record"), explain("AADSTS700211: no issuer")
    assert short is not None
    assert long is not None
    assert short.meaning != long.meaning


def test_what_is_not_known_is_not_guessed() -> None:
    assert explain("AADSTS99999999: something new") is None
