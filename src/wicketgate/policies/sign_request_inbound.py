"""Sign each request with a key of your own, for an origin with our signature guard.

The signature (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html) covers method, path, query, headers
and body, and counts for minutes: whoever reads one request at the origin cannot make another of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from pydantic import model_validator

from wicketgate.ir.credentials.aws import KeyPair
from wicketgate.ir.origin import Signing, SigningAlgorithm, Verifier
from wicketgate.ir.steps import InboundStep, SignRequest
from wicketgate.policy import Direction, Policy, PolicyContext
from wicketgate.spec.base import CredentialText
from wicketgate.spec.credentials import CredentialOptions
from wicketgate.spec.signing import Region, Service, one_region


class SignRequestInboundOptions(CredentialOptions):
    key_id: CredentialText
    """The name of the key; the guard knows it."""
    secret: CredentialText
    """The secret key, as `$env(NAME)`. With `sigv4a` the guard holds a public key only, derived from both."""
    algorithm: Literal["sigv4", "sigv4a"] = "sigv4"
    """`sigv4`: the guard holds the same secret. `sigv4a`: it holds a public key and cannot sign itself."""
    service: Service = "wicketgate"
    """Part of what is signed; the guard demands the same."""
    region: Region = "origin"
    """Part of what is signed; the guard demands the same."""
    payload: Literal["signed", "unsigned"] = "signed"
    """`signed` reads the whole body first (1 MiB at most); `unsigned` lets it pass unread and unprotected."""

    @model_validator(mode="after")
    def _one_region(self) -> SignRequestInboundOptions:
        one_region(self.algorithm, self.region)
        return self


def _lower(options: SignRequestInboundOptions, at: PolicyContext) -> Iterable[InboundStep]:
    keys = KeyPair(renewal=options.renewal, access_key_id=options.key_id, secret_access_key=options.secret)
    algorithm = SigningAlgorithm(options.algorithm)
    signing = Signing(options.service, options.region, algorithm, options.payload == "signed", Verifier.GUARD)
    return [SignRequest(keys, signing, options.allowed_hosts)]


POLICY = Policy(
    policy_type="sign-request-inbound",
    export="SignRequestInboundPolicy",
    direction=Direction.INBOUND,
    options=SignRequestInboundOptions,
    lower=_lower,
)
