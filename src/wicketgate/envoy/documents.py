"""Documents that Envoy answers with by itself, before it looks for a route."""

from __future__ import annotations

from dataclasses import dataclass

from wicketgate.envoy.path_predicates import is_path
from wicketgate.envoy.types import any_of
from wicketgate.json_types import JsonObject


@dataclass(frozen=True, slots=True)
class Document:
    """JSON that the gateway itself answers with at this path alone, whatever the query, for `max_age` seconds good."""

    path: str
    body: str
    max_age: int


def with_documents(routes: JsonObject, documents: tuple[Document, ...]) -> JsonObject:
    """Return a route configuration that answers with the documents, before any route is looked for."""
    (host,) = routes["virtual_hosts"]
    matcher = host["matcher"]
    two_hosts, *others = matcher["matcher_list"]["matchers"]
    matchers = [two_hosts, *map(_matcher, documents), *others]
    sizes = [len(document.body.encode()) for document in documents]
    longest = max([routes["max_direct_response_body_size_bytes"], *sizes])
    answering = {**host, "matcher": {**matcher, "matcher_list": {"matchers": matchers}}}
    return {**routes, "virtual_hosts": [answering], "max_direct_response_body_size_bytes": longest}


def _matcher(document: Document) -> JsonObject:
    """Return the matcher that answers one document; other methods than GET and HEAD get it too, and do no harm."""
    headers = {"content-type": "application/json", "cache-control": f"public, max-age={document.max_age}"}
    route = any_of(
        "envoy.config.route.v3.Route",
        name=f"document {document.path}",
        match={"prefix": "/"},
        direct_response={"status": 200, "body": {"inline_string": document.body}},
        response_headers_to_add=[
            {"header": {"key": name, "value": value}, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}
            for name, value in headers.items()
        ],
    )
    return {
        "predicate": is_path(document.path),
        "on_match": {"action": {"name": "route", "typed_config": route}},
    }
