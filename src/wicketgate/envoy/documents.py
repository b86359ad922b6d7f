"""Documents that Envoy answers with by itself, before it looks for a route."""

from __future__ import annotations

from wicketgate.envoy.types import any_of, extension
from wicketgate.ir.gateway import Document
from wicketgate.json_types import JsonObject


def document_matcher(document: Document) -> JsonObject:
    """Return the matcher that answers one document; other methods than GET and HEAD get it too, and do no harm."""
    path = extension(":path", "envoy.type.matcher.v3.HttpRequestHeaderMatchInput", header_name=":path")
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
        "predicate": {"single_predicate": {"input": path, "value_match": {"exact": document.path}}},
        "on_match": {"action": {"name": "route", "typed_config": route}},
    }
