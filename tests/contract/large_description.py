"""An API description of any number of operations, in the shape that generators of big APIs give theirs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.support.project import RUNTIME

_AREAS = ("repos", "users", "orgs", "billing", "teams", "projects", "deployments", "gists", "packages", "audit-log")


def large_description(operations: int) -> dict[str, Any]:
    """Return an OpenAPI 3.1 document with that many routed operations, five a resource."""
    resources = range(operations // 5)
    paths = {path: item for resource in resources for path, item in _resource(resource)}
    schemas = {f"Model{resource}": _schema(resource) for resource in resources}
    return {
        "openapi": "3.1.0",
        "info": {"title": "A large API", "version": "2026-01-01", "description": "Many resources. " * 20},
        "paths": paths,
        "components": {"schemas": schemas, "parameters": {"page": _parameter("page", "query")}},
    }


def _resource(number: int) -> Iterator[tuple[str, dict[str, Any]]]:
    area = _AREAS[number % len(_AREAS)]
    collection = f"/{area}/{{owner}}/{area}-{number}"
    yield collection, {"get": _operation(number, "list"), "post": _operation(number, "create")}
    item = {"get": _operation(number, "get"), "patch": _operation(number, "update")}
    yield f"{collection}/{{item_id}}", item | {"delete": _operation(number, "delete")}


def _operation(number: int, verb: str) -> dict[str, Any]:
    reference = {"$ref": f"#/components/schemas/Model{number}"}
    content = {"application/json": {"schema": reference}}
    return {
        "operationId": f"{verb}-{number}",
        "summary": f"{verb} a resource",
        "description": "What it does, in a sentence or two, as descriptions have it. " * 2,
        "tags": [_AREAS[number % len(_AREAS)]],
        "parameters": [_parameter("owner", "path"), {"$ref": "#/components/parameters/page"}],
        "responses": {"200": {"description": "The resource.", "content": content}, "404": {"description": "None."}},
        "x-zuplo-route": _route(number),
    }


def _route(number: int) -> dict[str, Any]:
    options = {"baseUrl": f"https://{_AREAS[number % len(_AREAS)]}.example.com/v1"}
    return {
        "corsPolicy": "none",
        "handler": {"export": "urlForwardHandler", "module": RUNTIME, "options": options},
        "policies": {"inbound": ["backend-secret", "limit"], "outbound": ["hide"]},
    }


def _parameter(name: str, where: str) -> dict[str, Any]:
    return {"name": name, "in": where, "required": where == "path", "schema": {"type": "string"}}


def _schema(number: int) -> dict[str, Any]:
    properties = {f"field_{field}": {"type": "string", "description": "A field."} for field in range(5)}
    children = {"type": "array", "items": {"$ref": f"#/components/schemas/Model{number}"}}
    return {"type": "object", "properties": properties | {"children": children}}
