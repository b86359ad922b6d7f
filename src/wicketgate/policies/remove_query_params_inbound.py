"""Remove query parameters of the request (https://zuplo.com/docs/policies/remove-query-params-inbound)."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import Field

from wicketgate.ir.steps import InboundStep, RemoveQuery
from wicketgate.policy import Direction, Policy, PolicyContext
from wicketgate.spec.base import Options


class RemoveQueryParamsInboundOptions(Options):
    params: tuple[str, ...] = Field(min_length=1)
    """Names of the parameters to remove."""


def _lower(options: RemoveQueryParamsInboundOptions, at: PolicyContext) -> Iterable[InboundStep]:
    return [RemoveQuery(name) for name in options.params]


POLICY = Policy(
    policy_type="remove-query-params-inbound",
    export="RemoveQueryParamsInboundPolicy",
    direction=Direction.INBOUND,
    options=RemoveQueryParamsInboundOptions,
    lower=_lower,
)
