"""Ask callers for a certificate (https://zuplo.com/docs/policies/mtls-auth-inbound).

Who vouches for callers holds for all listeners with TLS: `wicket ca-certificate create`, or `[[client_authorities]]`
in `wicket.toml`. The certificate's subject becomes the user of the request. Over HTTP/3 and over plain HTTP nobody
can show one, so there the policy refuses.
"""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import Field, field_validator
from pydantic_core import PydanticCustomError

from wicketgate.ir.steps import InboundStep, RequireClientCertificate
from wicketgate.policy import Direction, Policy, PolicyContext
from wicketgate.spec.base import Options


class MTLSAuthInboundOptions(Options):
    allow_unauthenticated_requests: bool = False
    """Let callers without a verified certificate pass too, without a user."""
    cert_issuer_dn: str | None = Field(default=None, alias="certIssuerDN")
    """Who must have issued the certificate, such as `CN=Partners,O=Acme`: case and spaces do not count, the order of
    the parts does."""
    allow_expired_certificates: bool = False
    """Only `false`: an expired certificate is always refused."""
    allow_revoked_certificates: bool = False
    """Only `false`: a revoked certificate is always refused."""

    @field_validator("cert_issuer_dn")
    @classmethod
    def _somebody(cls, name: str | None) -> str | None:
        if name is not None and "=" not in name:
            raise PydanticCustomError(
                "wrong-value", "this is not a distinguished name", {"hint": "write it as CN=Partners,O=Acme"}
            )
        return name

    @field_validator("allow_expired_certificates", "allow_revoked_certificates")
    @classmethod
    def _never(cls, allowed: bool) -> bool:
        if allowed:
            raise PydanticCustomError(
                "wrong-value",
                "such certificates cannot be let in safely: once dates or lists do not count, they do not count for any"
                " route of the listener, nor for the authorities themselves",
                {"hint": "remove the option, and issue the caller a new certificate"},
            )
        return allowed


def _lower(options: MTLSAuthInboundOptions, at: PolicyContext) -> Iterable[InboundStep]:
    return [RequireClientCertificate(options.cert_issuer_dn, options.allow_unauthenticated_requests)]


POLICY = Policy(
    policy_type="mtls-auth-inbound",
    export="MTLSAuthInboundPolicy",
    direction=Direction.INBOUND,
    options=MTLSAuthInboundOptions,
    lower=_lower,
)
