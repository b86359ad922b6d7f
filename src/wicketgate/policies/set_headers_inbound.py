"""Set headers of the request (https://zuplo.com/docs/policies/set-headers-inbound).

A value with a variable in it is a secret that the origin checks: it travels by SDS, is set last, and always
replaces what the caller sent.
"""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import Field

from wicketgate.ir.secrets import TextSecret
from wicketgate.ir.steps import InboundStep, SecretHeader, SetHeader
from wicketgate.policy import Direction, Policy, PolicyContext
from wicketgate.spec.base import Options
from wicketgate.spec.http_names import HeaderName, SecretHeaderValue


class HeaderToSet(Options):
    """One header."""

    name: HeaderName
    """Its name."""
    value: SecretHeaderValue
    """Its value; `$env(NAME)` puts in a variable."""
    overwrite: bool = True
    """Replace the caller's value. With a variable in the value it is always replaced."""


class SetHeadersInboundOptions(Options):
    headers: tuple[HeaderToSet, ...] = Field(min_length=1)
    """Headers to set, in order."""


def _lower(options: SetHeadersInboundOptions, at: PolicyContext) -> Iterable[InboundStep]:
    return [request_header(header.name, header.value, overwrite=header.overwrite, at=at) for header in options.headers]


def request_header(name: str, value: TextSecret, *, overwrite: bool, at: PolicyContext) -> InboundStep:
    """Return the step that gives a request header `value`: a proof if it holds a variable."""
    if not value.variables:
        return SetHeader(name, "".join(str(part) for part in value.parts), overwrite)
    if not overwrite:
        at.warn(
            "secret-overwritten",
            f"`overwrite: false` has no effect on `{name}`: a caller's value never stands in for a secret",
            hint="remove `overwrite`, or give the header a value without a variable",
        )
    return SecretHeader(name, value)


POLICY = Policy(
    policy_type="set-headers-inbound",
    export="SetHeadersInboundPolicy",
    direction=Direction.INBOUND,
    options=SetHeadersInboundOptions,
    lower=_lower,
)
