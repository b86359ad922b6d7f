"""Send the origin a token that the gateway signs (https://zuplo.com/docs/policies/upstream-zuplo-jwt-auth-inbound).

The origin verifies it by the keys that the gateway publishes: `[issuer]` in `wicket.toml`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from pydantic import Field, field_validator
from pydantic_core import PydanticCustomError

from wicketgate.ir.credentials.gateway_token import GatewayToken
from wicketgate.ir.steps import InboundStep, SendToken
from wicketgate.policies.upstream_oauth_client_credentials_inbound import token_prefix
from wicketgate.policy import Direction, Policy, PolicyContext
from wicketgate.spec.base import FilledText
from wicketgate.spec.credentials import CredentialOptions, Span
from wicketgate.spec.http_names import HeaderName, HeaderValue

_OURS = ("iss", "aud", "iat", "nbf", "exp", "jti", "installation", "project", "environment", "origin")
_PER_CALLER = ("request.user", "$user", "${user", "user.sub")


class UpstreamZuploJwtAuthInboundOptions(CredentialOptions):
    audience: FilledText | None = None
    """Whom the token is for: what the origin demands as `aud`. Left out, it is the origin's URL; the reference takes
    the caller's URL, which the caller chooses."""
    header_name: HeaderName = "authorization"
    """Header that carries the token."""
    token_prefix: HeaderValue = "Bearer"  # noqa: S105 - a scheme
    """What stands before it; empty for the bare token."""
    additional_claims: dict[str, Any] = Field(default_factory=dict)
    """Further claims, the same in every token."""
    expires_in: Span | None = Field(default=None, ge=10, le=3600)
    """How long a token lives: seconds, or a text such as `5m`; 300 unless `[issuer]` says otherwise."""

    @field_validator("additional_claims")
    @classmethod
    def _free(cls, claims: dict[str, Any]) -> dict[str, Any]:
        if "sub" in claims or any(mark in json.dumps(claims) for mark in _PER_CALLER):
            raise PydanticCustomError(
                "wrong-value",
                "a subject or a claim for each caller needs code for each request, which this version does not run",
                {"hint": "remove it: `sub` is the gateway's identity towards this origin"},
            )
        if taken := [name for name in _OURS if name in claims]:
            raise PydanticCustomError(
                "wrong-value",
                "the gateway itself sets `{names}`",
                {"names": "`, `".join(taken), "hint": "give your claim another name"},
            )
        return claims


def _lower(options: UpstreamZuploJwtAuthInboundOptions, at: PolicyContext) -> Iterable[InboundStep]:
    if options.audience is None:
        at.warn(
            "default-audience",
            "without `audience` the token is for the URL of the origin; the reference takes the caller's URL",
            hint="write the audience that the origin demands",
        )
    credential = GatewayToken(
        renewal=options.renewal,
        audience=options.audience or "",
        claims=json.dumps(options.additional_claims, sort_keys=True),
        life=options.expires_in or 0.0,
    )
    return [SendToken(options.header_name, token_prefix(options.token_prefix), credential, options.allowed_hosts)]


POLICY = Policy(
    policy_type="upstream-zuplo-jwt-auth-inbound",
    export="UpstreamZuploJwtAuthInboundPolicy",
    direction=Direction.INBOUND,
    options=UpstreamZuploJwtAuthInboundOptions,
    lower=_lower,
)
