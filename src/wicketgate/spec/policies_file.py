"""`config/policies.json`: named policies and CORS policies (reference: policies and CORS pages of Zuplo)."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, field_validator
from pydantic_core import PydanticCustomError

from wicketgate.spec.base import Options, Spec
from wicketgate.spec.http_names import header_name


class HandlerReference(Spec):
    """Names the code of a policy or a route: an export of a module, with options."""

    export: str
    """Name of the policy or handler, such as `SetHeadersInboundPolicy` or `urlForwardHandler`."""
    module: str
    """`$import(@zuplo/runtime)` or `$import(wicketgate)` for built-ins, `$import(./modules/x)` for your own."""
    options: dict[str, Any] = Field(default_factory=dict)
    """What the policy or handler takes; see its page."""


class PolicyEntry(Spec):
    """One policy under a name that routes refer to."""

    name: str = Field(min_length=1)
    """Unique in the project."""
    policy_type: str
    """The kind of policy, such as `set-headers-inbound`."""
    handler: HandlerReference


def _comma_list(value: Any) -> Any:
    return [item.strip() for item in value.split(",") if item.strip()] if isinstance(value, str) else value


CommaList = Annotated[tuple[str, ...], BeforeValidator(_comma_list)]
"""A list, or one string with commas, so that a variable can hold the whole list."""


def _names(names: tuple[str, ...]) -> tuple[str, ...]:
    for name in names:
        header_name(name)
    return names


CommaNames = Annotated[CommaList, AfterValidator(_names)]
"""Header names, or methods: both are tokens (RFC 9110, section 5.6.2)."""


class CorsPolicyEntry(Options):
    """A CORS policy that routes name in `corsPolicy` (semantics: https://zuplo.com/docs/articles/cors)."""

    name: str = Field(min_length=1)
    """Unique; not `none` or `anything-goes`, which are built in."""
    allowed_origins: CommaList
    """Origins such as `https://app.example.com` or `https://*.example.com` (one label); no trailing slash."""
    allowed_methods: CommaNames = ()
    """Methods a preflight may ask for; empty means those of the route."""
    allowed_headers: CommaNames = ()
    """Request headers a preflight may ask for; `*` for all."""
    expose_headers: CommaNames = ()
    """Response headers that scripts may read."""
    max_age: int | None = Field(default=None, ge=0, le=86_400)
    """Seconds a browser may remember the answer to a preflight."""
    allow_credentials: bool = False
    """Whether the browser may send cookies and authorization."""

    @field_validator("name")
    @classmethod
    def _not_built_in(cls, name: str) -> str:
        if name in ("none", "anything-goes"):
            raise PydanticCustomError(
                "reserved-name", "`{name}` is built in", {"name": name, "hint": "choose another name"}
            )
        return name
