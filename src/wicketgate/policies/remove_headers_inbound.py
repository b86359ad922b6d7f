"""Remove headers of the request (https://zuplo.com/docs/policies/remove-headers-inbound)."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import Field

from wicketgate.ir.steps import InboundStep, RemoveHeader
from wicketgate.policy import Direction, Policy, PolicyContext
from wicketgate.spec.base import Options
from wicketgate.spec.http_names import HeaderName


class RemoveHeadersInboundOptions(Options):
    headers: tuple[HeaderName, ...] = Field(min_length=1)
    """Names of the headers to remove."""


def _lower(options: RemoveHeadersInboundOptions, at: PolicyContext) -> Iterable[InboundStep]:
    return [RemoveHeader(name) for name in options.headers]


POLICY = Policy(
    policy_type="remove-headers-inbound",
    export="RemoveHeadersInboundPolicy",
    direction=Direction.INBOUND,
    options=RemoveHeadersInboundOptions,
    lower=_lower,
)
