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
        (
            "invalid_client: AADSTS5002738: Invalid JWT token. 'ES256' is not a supported signature algorithm."
            " Supported signing algorithms are: 'RS256,RS384,RS512'",
            "algorithm",
            'algorithm = "RS256"',
        ),
        ("AADSTS70025: The client 'x' has no configured federated identity credentials.", "no federated", "apply"),
        (
            "invalid_client: AADSTS7000229: The client application x is missing service principal in the tenant y.",
            "service principal",
            "az ad sp create",
        ),
        (
            "AADSTS7002138: No matching federated identity record found for presented assertion subject",
            "capital letters",
            "apply",
        ),
        ("AADSTS7002137: No matching federated identity record found", "another subject", "apply"),
        ("AADSTS7000112: Application 'x' is disabled.", "disabled", "enable"),
        ("AADSTS53003: Access has been blocked by Conditional Access policies.", "Conditional Access", "address"),
        (
            "InvalidIdentityToken: OpenIDConnect provider's HTTPS certificate doesn't match configured thumbprint",
            "another authority",
            "update-open-id-connect-provider-thumbprint",
        ),
        (
            "ValidationError: The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
            "sooner",
            "--max-session-duration",
        ),
        ("IDPRejectedClaim: The web identity token has expired", "expired", "NTP"),
        (
            "InvalidIdentityToken: Couldn't retrieve verification key from your identity provider",
            "cannot reach",
            "export-jwks",
        ),
        (
            "invalid_grant: The issuer in ID Token https://a does not match the expected ones: https://b",
            "another issuer",
            "apply",
        ),
        (
            "invalid_grant: The issuer in ID Token https://a does not match the expected one in config: https://b",
            "another issuer",
            "apply",
        ),
        ("invalid_grant: Unable to verify the ID Token signature.", "another one", "export-jwks"),
        ("NOT_FOUND: Not found; Gaia id not found for email orders@shop", "no such service account", "list"),
        ('invalid_request: Invalid value for "audience". This value should be', "no name of a provider", "NUMBER"),
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
