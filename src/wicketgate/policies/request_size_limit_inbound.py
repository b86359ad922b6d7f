"""Refuse large request bodies with 413 (https://zuplo.com/docs/policies/request-size-limit-inbound)."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import Field

from wicketgate.ir.steps import InboundStep, LimitRequestSize
from wicketgate.policy import Direction, Policy, PolicyContext
from wicketgate.spec.base import Options


class RequestSizeLimitInboundOptions(Options):
    max_size_in_bytes: int = Field(ge=1, le=2**31)
    """Largest body that passes."""
    trust_content_length_header: bool = False
    """True: the declared length alone decides, and a body without one passes. False: the body is counted, for which
    it is held in memory up to the limit before the origin sees it."""


def _lower(options: RequestSizeLimitInboundOptions, at: PolicyContext) -> Iterable[InboundStep]:
    return [LimitRequestSize(options.max_size_in_bytes, options.trust_content_length_header)]


POLICY = Policy(
    policy_type="request-size-limit-inbound",
    export="RequestSizeLimitInboundPolicy",
    direction=Direction.INBOUND,
    options=RequestSizeLimitInboundOptions,
    lower=_lower,
)
