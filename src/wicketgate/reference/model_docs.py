"""What a pydantic model says about its fields: the docstring below each, from the source."""

from __future__ import annotations

import ast
import inspect
import itertools
import textwrap
import typing
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaWarningKind

from wicketgate.json_types import Json, JsonObject

Model = type[BaseModel]


@cache
def field_texts(model: Model) -> Mapping[str, str]:
    """Return the text of each field by its name in Python; a class inherits those of its bases."""
    texts: dict[str, str] = {}
    for base in reversed(model.__mro__):
        if issubclass(base, BaseModel) and base is not BaseModel:
            texts |= dict(_docstrings(base))
    return texts


def _docstrings(model: Model) -> Iterator[tuple[str, str]]:
    tree = ast.parse(textwrap.dedent(inspect.getsource(model)))
    body = typing.cast("ast.ClassDef", tree.body[0]).body
    for field, text in itertools.pairwise(body):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and _is_text(text):
            yield field.target.id, " ".join(ast.literal_eval(typing.cast("ast.Expr", text).value).split())


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def models_below(model: Model) -> Iterator[Model]:
    """Yield a model and the models of its fields, outer ones first, each once."""
    waiting, seen = [model], set[Model]()
    while waiting:
        current = waiting.pop(0)
        if current in seen:
            continue
        seen.add(current)
        yield current
        for field in current.model_fields.values():
            waiting += _models_in(field.annotation)


def _models_in(annotation: Any) -> Iterator[Model]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in typing.get_args(annotation):
        yield from _models_in(argument)


class _Permissive(GenerateJsonSchema):
    """A default that JSON cannot say is left out without a word."""

    def emit_warning(self, kind: JsonSchemaWarningKind, detail: str) -> None:
        if kind != "non-serializable-default":
            super().emit_warning(kind, detail)


def schema_of(model: Model) -> JsonObject:
    """Return the JSON Schema of a model, with the field texts as descriptions."""
    schema = model.model_json_schema(by_alias=True, schema_generator=_Permissive)
    definitions: Mapping[str, JsonObject] = schema.get("$defs", {})
    for each in models_below(model):
        target = schema if each is model else definitions.get(each.__name__)
        if target is not None:
            _describe(target, each)
    return schema


def _describe(schema: JsonObject, model: Model) -> None:
    schema.pop("title", None)
    texts = field_texts(model)
    properties: Mapping[str, Json] = schema.get("properties", {})
    for name, field in model.model_fields.items():
        known = properties.get(field.alias or name)
        if known is not None:
            known.pop("title", None)
            if name in texts:
                known["description"] = texts[name]
