"""Remove all headers of the response but some (https://zuplo.com/docs/policies/clear-headers-outbound)."""

from __future__ import annotations

from collections.abc import Iterable

from wicketgate.ir.steps import ClearHeaders, OutboundStep
from wicketgate.policy import Direction, Policy, PolicyContext
from wicketgate.spec.base import Options
from wicketgate.spec.http_names import FieldName


class ClearHeadersOutboundOptions(Options):
    exclude: tuple[FieldName, ...] = ()
    """Names of the headers to keep."""


def _lower(options: ClearHeadersOutboundOptions, at: PolicyContext) -> Iterable[OutboundStep]:
    return [ClearHeaders(keep=options.exclude)]


POLICY = Policy(
    policy_type="clear-headers-outbound",
    export="ClearHeadersOutboundPolicy",
    direction=Direction.OUTBOUND,
    options=ClearHeadersOutboundOptions,
    lower=_lower,
)
