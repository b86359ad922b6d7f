"""JSON Schemas in which the options of a policy or a handler depend on its export."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from wicketgate.handler import Handler
from wicketgate.handler.registry import built_in_handlers
from wicketgate.json_types import JsonObject
from wicketgate.policy import Policy
from wicketgate.policy.registry import built_in_policies
from wicketgate.reference.model_docs import schema_of
from wicketgate.spec.policies_file import CorsPolicyEntry, PolicyEntry
from wicketgate.spec.route import RouteExtension


def policies_schema() -> JsonObject:
    """Return the schema of `config/policies.json`."""
    definitions: JsonObject = {}
    policy = _hoisted(schema_of(PolicyEntry), definitions)
    cors = _hoisted(schema_of(CorsPolicyEntry), definitions)
    policy["allOf"] = _conditions(built_in_policies().values(), definitions)
    lists = {"policies": {"type": "array", "items": policy}, "corsPolicies": {"type": "array", "items": cors}}
    return {"type": "object", "properties": lists, "additionalProperties": False, "$defs": definitions}


def route_schema() -> JsonObject:
    """Return the schema of `x-zuplo-route`."""
    definitions: JsonObject = {}
    route = _hoisted(schema_of(RouteExtension), definitions)
    route["allOf"] = _conditions(built_in_handlers().values(), definitions)
    return {**route, "$defs": definitions}


def _conditions(steps: Iterable[Policy[Any] | Handler[Any]], definitions: JsonObject) -> list[JsonObject]:
    return [_condition(step, definitions) for step in steps]


def _condition(step: Policy[Any] | Handler[Any], definitions: JsonObject) -> JsonObject:
    options = _hoisted(schema_of(step.options), definitions, prefix=step.export)
    named = {"properties": {"handler": {"properties": {"export": {"const": step.export}}}}, "required": ["handler"]}
    return {"if": named, "then": {"properties": {"handler": {"properties": {"options": options}}}}}


def _hoisted(schema: JsonObject, definitions: JsonObject, *, prefix: str = "") -> JsonObject:
    """Move the definitions of a schema up, under names that do not meet those of another."""
    below = schema.pop("$defs", {})
    for name, definition in below.items():
        definitions[prefix + name] = _renamed(definition, prefix)
    renamed: JsonObject = _renamed(schema, prefix)
    return renamed


def _renamed(value: Any, prefix: str) -> Any:
    if isinstance(value, list):
        return [_renamed(item, prefix) for item in value]
    if not isinstance(value, dict):
        return value
    place = "#/$defs/"
    return {
        key: f"{place}{prefix}{item.removeprefix(place)}" if key == "$ref" else _renamed(item, prefix)
        for key, item in value.items()
    }
