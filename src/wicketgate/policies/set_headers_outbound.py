"""Set headers of the response (https://zuplo.com/docs/policies/set-headers-outbound)."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import Field

from wicketgate.ir.steps import OutboundStep, SetHeader
from wicketgate.policy import Direction, Policy, PolicyContext
from wicketgate.spec.base import Options
from wicketgate.spec.http_names import HeaderName, HeaderValue


class ResponseHeader(Options):
    """One header. A variable marked secret is refused here: the caller would read it."""

    name: HeaderName
    """Its name."""
    value: HeaderValue
    """Its value."""
    overwrite: bool = True
    """Replace the origin's value."""


class SetHeadersOutboundOptions(Options):
    headers: tuple[ResponseHeader, ...] = Field(min_length=1)
    """Headers to set, in order."""


def _lower(options: SetHeadersOutboundOptions, at: PolicyContext) -> Iterable[OutboundStep]:
    return [SetHeader(header.name, header.value, header.overwrite) for header in options.headers]


POLICY = Policy(
    policy_type="set-headers-outbound",
    export="SetHeadersOutboundPolicy",
    direction=Direction.OUTBOUND,
    options=SetHeadersOutboundOptions,
    lower=_lower,
)
