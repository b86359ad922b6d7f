"""Remove all headers of the request but some (https://zuplo.com/docs/policies/clear-headers-inbound)."""

from __future__ import annotations

from collections.abc import Iterable

from wicketgate.ir.steps import ClearHeaders, InboundStep
from wicketgate.policy import Direction, Policy, PolicyContext
from wicketgate.spec.base import Options
from wicketgate.spec.http_names import FieldName


class ClearHeadersInboundOptions(Options):
    exclude: tuple[FieldName, ...] = ()
    """Names of the headers to keep."""


def _lower(options: ClearHeadersInboundOptions, at: PolicyContext) -> Iterable[InboundStep]:
    return [ClearHeaders(keep=options.exclude)]


POLICY = Policy(
    policy_type="clear-headers-inbound",
    export="ClearHeadersInboundPolicy",
    direction=Direction.INBOUND,
    options=ClearHeadersInboundOptions,
    lower=_lower,
)
