"""Set query parameters of the request (https://zuplo.com/docs/policies/set-query-params-inbound).

A value with a variable in it is a secret of the origin's: it travels by SDS and is put in last, behind every log.
"""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import Field

from wicketgate.ir.steps import InboundStep, SecretQuery, SetQuery
from wicketgate.policy import Direction, Policy, PolicyContext
from wicketgate.spec.base import Options, SecretText


class QueryParameter(Options):
    """One parameter."""

    name: str = Field(min_length=1)
    """Its name, not encoded."""
    value: SecretText
    """Its value, not encoded; `$env(NAME)` puts in a variable."""
    overwrite: bool = True
    """Replace the caller's value. With a variable in the value it is always replaced."""


class SetQueryParamsInboundOptions(Options):
    params: tuple[QueryParameter, ...] = Field(min_length=1)
    """Parameters to set, in order."""


def _lower(options: SetQueryParamsInboundOptions, at: PolicyContext) -> Iterable[InboundStep]:
    for param in options.params:
        if param.value.variables:
            at.warn(
                "secret-in-query",
                f"the query parameter `{param.name}` carries a secret: origins and hops behind us log URLs",
                hint="if the origin also takes it in a header, use set-upstream-api-key-inbound",
            )
            yield SecretQuery(param.name, param.value)
        else:
            yield SetQuery(param.name, "".join(str(part) for part in param.value.parts), param.overwrite)


POLICY = Policy(
    policy_type="set-query-params-inbound",
    export="SetQueryParamsInboundPolicy",
    direction=Direction.INBOUND,
    options=SetQueryParamsInboundOptions,
    lower=_lower,
)
