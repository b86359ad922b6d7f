"""Send the origin an API key in a header (https://zuplo.com/docs/policies/set-upstream-api-key-inbound)."""

from __future__ import annotations

from collections.abc import Iterable

from wicketgate.ir.steps import InboundStep
from wicketgate.policies.set_headers_inbound import request_header
from wicketgate.policy import Direction, Policy, PolicyContext
from wicketgate.spec.base import Options
from wicketgate.spec.http_names import HeaderName, SecretHeaderValue


class SetUpstreamApiKeyInboundOptions(Options):
    header: HeaderName = "authorization"
    """Header that carries the key."""
    value: SecretHeaderValue
    """Its value, such as `Bearer $env(VENDOR_KEY)`."""
    overwrite: bool = True
    """Replace the caller's value. With a variable in the value it is always replaced."""


def _lower(options: SetUpstreamApiKeyInboundOptions, at: PolicyContext) -> Iterable[InboundStep]:
    return [request_header(options.header, options.value, overwrite=options.overwrite, at=at)]


POLICY = Policy(
    policy_type="set-upstream-api-key-inbound",
    export="SetUpstreamApiKeyInboundPolicy",
    direction=Direction.INBOUND,
    options=SetUpstreamApiKeyInboundOptions,
    lower=_lower,
)
