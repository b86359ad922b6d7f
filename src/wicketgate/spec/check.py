"""Validation errors of the models as diagnostics with their place."""

from __future__ import annotations

import typing
from collections.abc import Iterator
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from wicketgate.diagnostics import Diagnostics, nearest
from wicketgate.json_types import Json
from wicketgate.project.document import Document, Pointer
from wicketgate.spec.variables import VariableScope

M = TypeVar("M", bound=BaseModel)


def validated(
    model: type[M],
    value: Json,
    *,
    document: Document,
    pointer: Pointer,
    scope: VariableScope | None,
    diagnostics: Diagnostics,
) -> M | None:
    """Parse `value` (at `pointer` of `document`) as `model`; report every fault and return None if there is one."""
    try:
        return model.model_validate(value, context=scope)
    except ValidationError as error:
        details = error.errors(include_url=False, include_input=False)
        for detail in details:
            if not _follows_from_another(detail, details):
                loc = _existing(value, detail["loc"])
                code, message, hint = _words(model, detail)
                span = document.span((*pointer, *loc), key=detail["type"] == "extra_forbidden")
                diagnostics.error(code, span, message, hint=hint)
        return None


def _follows_from_another(detail: ErrorDetails, details: list[ErrorDetails]) -> bool:
    """A list whose items are all faulty is called too short as well: that is no fault of the user's."""
    depth = len(detail["loc"])
    return detail["type"] == "too_short" and any(
        other["loc"][:depth] == detail["loc"] and len(other["loc"]) > depth for other in details
    )


def _existing(value: Json, loc: tuple[int | str, ...]) -> Pointer:
    """Drop the parts of a location that name a branch of a union rather than a key."""
    kept: list[int | str] = []
    for part in loc:
        if _holds(value, part):
            value = value[part]
            kept.append(part)
    return tuple(kept)


def _holds(value: Json, part: int | str) -> bool:
    if isinstance(value, dict):
        return part in value
    return isinstance(value, list) and isinstance(part, int) and part < len(value)


def _words(model: type[BaseModel], detail: ErrorDetails) -> tuple[str, str, str]:
    last = detail["loc"][-1] if detail["loc"] else ""
    known = sorted(_known_keys(model, detail["loc"][:-1]))
    match detail["type"]:
        case "extra_forbidden":
            return "unknown-key", f"unknown key `{last}`", nearest(str(last), known)
        case "missing":
            return "missing-key", f"the key `{last}` is missing", "add it"
        case kind if "-" in kind:
            return kind, detail["msg"], str(detail.get("ctx", {}).get("hint", ""))
        case _:
            return "wrong-value", _sentence(detail["msg"], last), "docs/reference tells what it takes"


def _sentence(message: str, last: int | str) -> str:
    text = message.removeprefix("Value error, ").removeprefix("Input ")
    name = f"`{last}` " if isinstance(last, str) and last else ""
    return f"{name}{text[:1].lower()}{text[1:]}" if message.startswith("Input ") else text


def _known_keys(model: type[BaseModel], loc: tuple[int | str, ...]) -> set[str]:
    models = {model}
    for part in loc:
        if isinstance(part, int):
            continue
        below = {child for parent in models for child in _children(parent, part)}
        models = below or models
    return {field.alias or name for each in models for name, field in each.model_fields.items()}


def _children(model: type[BaseModel], key: str) -> Iterator[type[BaseModel]]:
    for name, field in model.model_fields.items():
        if key in (name, field.alias):
            yield from _models_in(field.annotation)


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in typing.get_args(annotation):
        yield from _models_in(argument)
