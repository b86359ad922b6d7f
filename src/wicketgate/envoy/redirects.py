"""Redirects that the gateway follows: to the same origin only, so that no credential goes elsewhere (threat D7).

Envoy looks for the route of a redirect as for any request. A route that follows redirects therefore has a twin, which
matches the origin's own authority together with a header that names the route, and which is the only route that a
redirect of it may lead to. The header is taken from callers before any route is looked for, so none of them can enter
a twin, where no inbound policy stands.
"""

from __future__ import annotations

from collections.abc import Iterable

from wicketgate.envoy.types import any_of, extension, literal
from wicketgate.ir.gateway import Forward, Route
from wicketgate.json_types import JsonObject

HEADER = "x-wicketgate-redirect"
MAX_REDIRECTS = 5
_STATUSES = [301, 302, 303, 307, 308]


def follows(route: Route) -> bool:
    return isinstance(route.action, Forward) and route.action.follow_redirects


def twin_name(route: Route) -> str:
    return f"{route.name} (redirected)"


def redirect_policy(route: Route) -> JsonObject:
    """Return the fields of the route action that follow redirects into the route's twin."""
    only_the_twin = extension(
        "envoy.internal_redirect_predicates.allow_listed_routes",
        "envoy.extensions.internal_redirect.allow_listed_routes.v3.AllowListedRoutesConfig",
        allowed_route_names=[twin_name(route)],
    )
    policy = {
        "max_internal_redirects": MAX_REDIRECTS,
        "redirect_response_codes": _STATUSES,
        "predicates": [only_the_twin],
        # Callers may come by http to a gateway that speaks https to the origin; the twin's own link decides.
        "allow_cross_scheme_redirect": True,
    }
    return {"internal_redirect_policy": policy}


def redirect_mark(route: Route) -> JsonObject:
    """Return the header, as a route adds it, that leads a redirect to the twin."""
    header = {"key": HEADER, "value": literal(route.name)}
    return {"header": header, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}


def forget_marks() -> JsonObject:
    """Return the early mutation that takes the header from callers; Envoy does not run it again on a redirect."""
    return extension(
        "envoy.http.early_header_mutation.header_mutation",
        "envoy.extensions.http.early_header_mutation.header_mutation.v3.HeaderMutation",
        mutations=[{"remove": HEADER}],
    )


def twin_matchers(twins: Iterable[tuple[Route, JsonObject]]) -> list[JsonObject]:
    """Return matchers that choose the twins; each comes with its Envoy route."""
    return [_matcher(route, twin) for route, twin in twins]


def _matcher(route: Route, twin: JsonObject) -> JsonObject:
    if not isinstance(route.action, Forward):
        raise TypeError("only what is forwarded can be redirected by an origin")
    authority = _equals(":authority", route.action.upstream.origin.authority)
    both = {"and_matcher": {"predicate": [_equals(HEADER, route.name), authority]}}
    action = {"name": "route", "typed_config": any_of("envoy.config.route.v3.Route", **twin)}
    return {"predicate": both, "on_match": {"action": action}}


def _equals(header: str, value: str) -> JsonObject:
    given = extension(header, "envoy.type.matcher.v3.HttpRequestHeaderMatchInput", header_name=header)
    return {"single_predicate": {"input": given, "value_match": {"exact": value}}}
