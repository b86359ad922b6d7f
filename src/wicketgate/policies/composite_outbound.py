"""Several policies under one name (https://zuplo.com/docs/articles/composite-policy-reference)."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import Field

from wicketgate.policy import Direction, Policy, PolicyContext, Step
from wicketgate.spec.base import Options


class CompositeOutboundOptions(Options):
    policies: tuple[str, ...] = Field(min_length=1)
    """Names of outbound policies, in order. A composite may not hold a composite."""


def _lower(options: CompositeOutboundOptions, at: PolicyContext) -> Iterable[Step]:
    return [step for name in options.policies for step in at.include(name)]


POLICY = Policy(
    policy_type="composite-outbound",
    export="CompositeOutboundPolicy",
    direction=Direction.OUTBOUND,
    options=CompositeOutboundOptions,
    lower=_lower,
    composite=True,
)
