"""A JSON Schema in words, and the Markdown table of a model's keys."""

from __future__ import annotations

import json
from collections.abc import Iterator

from wicketgate.json_types import Json, JsonObject

_BOUNDS = {
    "minimum": "≥ {}",
    "exclusiveMinimum": "> {}",
    "maximum": "≤ {}",
    "exclusiveMaximum": "< {}",
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "minItems": "at least {}",
    "maxItems": "at most {}",
}


def table(schema: JsonObject) -> str:
    """Return a table with a row for each key of an object schema."""
    required = set(schema.get("required", ()))
    rows = ["| key | type | default | meaning |", "|---|---|---|---|"]
    for name, value in schema.get("properties", {}).items():
        default = "required" if name in required else _default(value)
        rows.append(f"| `{name}` | {_cell(type_words(value))} | {default} | {_cell(value.get('description', ''))} |")
    return "\n".join(rows)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _default(value: JsonObject) -> str:
    if value.get("default") is None:
        return ""
    default = value["default"]
    if isinstance(default, dict):
        return "see below"
    return f"`{json.dumps(default, ensure_ascii=False)}`"


def type_words(schema: Json) -> str:
    """Say what a value must be, such as `integer ≥ 1` or `list of string`."""
    bounds = ", ".join(text.format(schema[key]) for key, text in _BOUNDS.items() if key in schema)
    return " ".join(part for part in (_kind(schema), bounds) if part)


def _kind(schema: JsonObject) -> str:
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[-1]
        return f"[{name}](#{name.lower()})"
    if "enum" in schema:
        return " or ".join(f"`{value}`" for value in schema["enum"])
    if "const" in schema:
        return f"`{schema['const']}`"
    if choices := schema.get("anyOf") or schema.get("oneOf"):
        return " or ".join(_distinct(type_words(choice) for choice in choices if choice.get("type") != "null"))
    if schema.get("type") == "array":
        return f"list of {type_words(schema['items'])}" if schema.get("items") else "list"
    return str(schema.get("type", "any"))


def _distinct(words: Iterator[str]) -> list[str]:
    return list(dict.fromkeys(words))
