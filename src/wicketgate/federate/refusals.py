"""What a cloud's refusal means, and what to do about it, in plain words.

Sources: https://learn.microsoft.com/entra/identity-platform/reference-error-codes ,
https://learn.microsoft.com/entra/identity-platform/reference-breaking-changes ,
https://cloud.google.com/iam/docs/troubleshooting-workload-identity-federation ,
https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html ,
https://repost.aws/knowledge-center/iam-sts-invalididentitytoken
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Explanation:
    """`meaning` says what the cloud found wrong, `remedy` what to do."""

    meaning: str
    remedy: str


def explain(refusal: str) -> Explanation | None:
    """Return what the provider's own words mean; None for what is not known."""
    return next((found for pattern, found in _KNOWN if pattern.search(refusal)), None)


_UNREACHABLE = (
    "let the cloud reach `/.well-known/openid-configuration` of the issuer over https with a public certificate, or"
    " give it the keys by hand: `wicket issuer export-jwks`"
)
_APPLY = "apply what `wicket federate` prints without --dry-run, and wait a minute"
_CLOCK = "set the clock of this machine by NTP"
_KEYS = (
    "if the cloud got the keys by hand, give them anew: `wicket issuer export-jwks`; otherwise wait until it reads them"
    " again, an hour at most"
)

_ENTRA = {
    "AADSTS700211": ("the application trusts no issuer with our URL", _APPLY),
    "AADSTS700212": ("the application trusts our issuer, but for another audience", _APPLY),
    "AADSTS700213": ("the application trusts our issuer, but for another subject", _APPLY),
    "AADSTS7002137": ("the application trusts our issuer, but for another subject", _APPLY),
    "AADSTS7002138": ("the subject that the application trusts differs from ours in capital letters", _APPLY),
    "AADSTS70025": ("the application has no federated credential at all", _APPLY),
    "AADSTS5002738": (
        "Entra does not take the algorithm of our signature",
        'write algorithm = "RS256" into [issuer] of wicket.toml and restart the gateway; the new key signs once it has'
        " been published for `publish_ahead`",
    ),
    "AADSTS7000229": (
        "the application is registered, but has no service principal in this tenant",
        "az ad sp create --id CLIENT-ID, by an administrator of the tenant",
    ),
    "AADSTS7000112": ("the application is disabled", "enable it on the page of the enterprise application"),
    "AADSTS53003": (
        "a Conditional Access policy for workload identities refuses us",
        "let its administrator include the address of this machine, or leave out the application",
    ),
    "AADSTS70021": ("no federated credential of the application has our issuer, subject and audience", _APPLY),
    "AADSTS700016": (
        "the application is not in this tenant",
        "compare the tenant id and the client id with the application's overview page",
    ),
    "AADSTS90002": ("there is no such tenant", "compare the tenant id, and the cloud (authorityHost)"),
    "AADSTS7000215": (
        "the client secret is wrong",
        "set the variable to the secret's value; its id, which looks alike, is not it",
    ),
    "AADSTS7000222": ("the client secret has expired", "make a new one, and set the variable"),
    "AADSTS700024": ("our assertion is too old or from the future", _CLOCK),
    "AADSTS700027": (
        "the signature of our assertion does not verify",
        "the certificate is not registered with the application, or the issuer's keys that Entra holds are old",
    ),
    "AADSTS90061": ("Entra cannot reach our issuer", _UNREACHABLE),
    "AADSTS500011": (
        "what the token is for is not known in this tenant",
        "compare `scope` with the application id URI of the backend",
    ),
    "AADSTS1002012": ("the scope is not one for an application", "write it as APPLICATION-ID-URI/.default"),
    "AADSTS70011": ("the scope is not valid", "write it as APPLICATION-ID-URI/.default"),
    "AADSTS501051": (
        "the application has no role in the backend",
        "assign it an app role, or switch off `assignment required` of the backend",
    ),
}

_GOOGLE = {
    r"Error connecting to the given credential's issuer": (
        "Google cannot reach our issuer, or has got the keys by hand and does not know this one",
        _UNREACHABLE,
    ),
    r"issuer in ID Token .* does not match": ("the provider of the pool expects another issuer", _APPLY),
    r"[Uu]nable to verify the ID Token signature|Invalid JWT signature": (
        "the key that Google has under this name is another one",
        _KEYS,
    ),
    r"[Gg]aia id not found|Unknown service account": (
        "there is no such service account",
        "compare serviceAccountEmail with the list: gcloud iam service-accounts list --project=ID",
    ),
    r'Invalid value for "audience"': (
        "this is no name of a provider",
        "workloadIdentityProvider is projects/NUMBER/locations/global/workloadIdentityPools/POOL/providers/PROVIDER",
    ),
    r"audience in ID Token .* does not match": ("the provider of the pool expects another audience", _APPLY),
    r"rejected by the attribute condition": ("the provider's condition does not let our subject in", _APPLY),
    r"google\.subject exceeds": ("our subject is longer than Google's 127 bytes", "shorten `installation`"),
    r"is stale to sign-in|issued at .* future": ("our token is too old or from the future", _CLOCK),
    r"serviceAccounts\.get(OpenIdToken|AccessToken)": (
        "the pool's identity may not act as the service account",
        "give it roles/iam.workloadIdentityUser on that account: `wicket federate gcp` prints the binding",
    ),
    r"has not been used in project|SERVICE_DISABLED": (
        "the IAM Service Account Credentials API is off",
        "gcloud services enable iamcredentials.googleapis.com sts.googleapis.com --project=ID",
    ),
    r"invalid_target": (
        "there is no such provider, or it is switched off",
        "compare workloadIdentityProvider: projects/NUMBER/…; the number, not the name, of the project",
    ),
}

_AWS = {
    r"No OpenIDConnect provider found": ("the account has no identity provider for our issuer", _APPLY),
    r"Incorrect token audience": ("the account's identity provider has another audience", _APPLY),
    r"configured thumbprint": (
        "the certificate of our issuer comes from another authority than the identity provider in AWS says",
        "give the issuer a certificate of a public authority, or name its authority: aws iam"
        " update-open-id-connect-provider-thumbprint",
    ),
    r"exceeds the MaxSessionDuration": (
        "the role's sessions end sooner than `durationSeconds` asks for",
        "aws iam update-role --role-name NAME --max-session-duration SECONDS, or a smaller durationSeconds",
    ),
    r"IDPRejectedClaim": ("our token is expired, or AWS does not take one of its claims", _CLOCK),
    r"retrieve verification key|IDPCommunicationError": ("AWS cannot reach our issuer", _UNREACHABLE),
    r"ExpiredToken|RequestExpired|Signature expired|not yet current": (
        "our token or request is out of date",
        _CLOCK,
    ),
    r"Not authorized to perform sts:AssumeRole": (
        "there is no such role, or its trust policy does not let our subject in",
        _APPLY,
    ),
    r"InvalidClientTokenId": ("the access key id does not exist, or is switched off", "set the variable anew"),
    r"SignatureDoesNotMatch": ("the secret access key is wrong", "set the variable anew"),
    r"RegionDisabled": ("STS is off in this region", "switch it on in the account, or set `stsEndpoint`"),
}

_KNOWN = tuple(
    (re.compile(pattern), Explanation(meaning, remedy))
    for table in ({rf"{code}\b": words for code, words in _ENTRA.items()}, _GOOGLE, _AWS)
    for pattern, (meaning, remedy) in table.items()
)
