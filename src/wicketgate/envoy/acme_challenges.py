"""Answers to ACME challenges (RFC 8555 section 8.3), given by Envoy itself beside the routes of the project."""

from __future__ import annotations

from collections.abc import Mapping

from wicketgate.envoy.types import any_of, extension
from wicketgate.json_types import JsonObject

_FOLDER = "/.well-known/acme-challenge/"


def with_challenges(routes: JsonObject, answers: Mapping[str, str]) -> JsonObject:
    """Return a route configuration that answers for the tokens too, before anything else is looked at."""
    (host,) = routes["virtual_hosts"]
    matcher = host["matcher"]
    first = [_matcher(token, text) for token, text in sorted(answers.items())]
    others = matcher["matcher_list"]["matchers"]
    answering = {**host, "matcher": {**matcher, "matcher_list": {"matchers": [*first, *others]}}}
    return {**routes, "virtual_hosts": [answering]}


def _matcher(token: str, text: str) -> JsonObject:
    path = extension(":path", "envoy.type.matcher.v3.HttpRequestHeaderMatchInput", header_name=":path")
    asked = {"single_predicate": {"input": path, "value_match": {"exact": f"{_FOLDER}{token}"}}}
    route = any_of(
        "envoy.config.route.v3.Route",
        name="acme challenge",
        match={"prefix": "/"},
        direct_response={"status": 200, "body": {"inline_string": text}},
        response_headers_to_add=[{"header": {"key": "content-type", "value": "application/octet-stream"}}],
    )
    return {"predicate": asked, "on_match": {"action": {"name": "route", "typed_config": route}}}
