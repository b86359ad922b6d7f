"""The page of one file format: a table for each object in it."""

from __future__ import annotations

from collections.abc import Iterator

from wicketgate.json_types import JsonObject
from wicketgate.reference.model_docs import Model, models_below, schema_of
from wicketgate.reference.schema_words import table


def model_tables(model: Model, *, level: int = 2, prefix: str = "") -> str:
    """Return the tables of a model and of every model below it, under the class names that links point at.

    `prefix` goes before these headings, for a page on which the names of classes repeat.
    """
    mark = "#" * level + (f" {prefix}" if prefix else "")
    text = "\n\n".join(_sections(model, schema_of(model), mark))
    return text.replace("](#", f"](#{prefix.lower()}-") if prefix else text


def _sections(model: Model, schema: JsonObject, mark: str) -> Iterator[str]:
    if schema.get("properties"):
        yield table(schema)
    definitions = schema.get("$defs", {})
    for below in models_below(model):
        definition = definitions.get(below.__name__)
        if definition is None:
            continue
        yield f"{mark} {below.__name__}"
        if text := _sentence(below):
            yield text
        yield table(definition)


def _sentence(model: Model) -> str:
    return " ".join((model.__doc__ or "").split())
