"""`x-zuplo-route` and `x-zuplo-path` (also `x-wicket-…`): what an OpenAPI operation says to the gateway."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from wicketgate.spec.base import Spec
from wicketgate.spec.policies_file import HandlerReference


class RoutePolicies(Spec):
    """Names of policies, in the order in which they act."""

    inbound: tuple[str, ...] = ()
    """Act on the request, before the handler."""
    outbound: tuple[str, ...] = ()
    """Act on the response, after the handler."""


class RouteExtension(Spec):
    """The gateway's part of an operation."""

    cors_policy: str = "none"
    """`none`, `anything-goes`, or the name of a CORS policy of `policies.json`."""
    handler: HandlerReference
    """What answers the request."""
    policies: RoutePolicies = RoutePolicies()
    """Steps around the handler."""
    mcp: dict[str, Any] | None = Field(default=None)
    """Read by tools that expose the route to language models; no effect on traffic."""


class PathExtension(Spec):
    """The gateway's part of a path."""

    path_mode: Literal["open-api", "url-pattern"] = "open-api"
    """`open-api`: `/pizza/{size}`; `url-pattern`: the pathname syntax of the URL Pattern standard."""
