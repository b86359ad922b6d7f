"""Remove headers of the response (https://zuplo.com/docs/policies/remove-headers-outbound)."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import Field

from wicketgate.ir.steps import OutboundStep, RemoveHeader
from wicketgate.policy import Direction, Policy, PolicyContext
from wicketgate.spec.base import Options
from wicketgate.spec.http_names import HeaderName


class RemoveHeadersOutboundOptions(Options):
    headers: tuple[HeaderName, ...] = Field(min_length=1)
    """Names of the headers to remove."""


def _lower(options: RemoveHeadersOutboundOptions, at: PolicyContext) -> Iterable[OutboundStep]:
    return [RemoveHeader(name) for name in options.headers]


POLICY = Policy(
    policy_type="remove-headers-outbound",
    export="RemoveHeadersOutboundPolicy",
    direction=Direction.OUTBOUND,
    options=RemoveHeadersOutboundOptions,
    lower=_lower,
)
