"""Replace the status of the response (https://zuplo.com/docs/policies/set-status-outbound)."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import Field

from wicketgate.ir.steps import OutboundStep, SetStatus
from wicketgate.policy import Direction, Policy, PolicyContext
from wicketgate.spec.base import Options


class SetStatusOutboundOptions(Options):
    status: int = Field(ge=200, le=599)
    """The status the caller sees."""
    status_text: str | None = None
    """Accepted for compatibility; HTTP/2 and HTTP/3 have no such text, so none is sent."""


def _lower(options: SetStatusOutboundOptions, at: PolicyContext) -> Iterable[OutboundStep]:
    if options.status_text:
        at.warn(
            "status-text-ignored",
            "`statusText` is not sent: HTTP/2 and HTTP/3 have none",
            hint="remove it; callers read the number",
        )
    return [SetStatus(options.status)]


POLICY = Policy(
    policy_type="set-status-outbound",
    export="SetStatusOutboundPolicy",
    direction=Direction.OUTBOUND,
    options=SetStatusOutboundOptions,
    lower=_lower,
)
