"""The base of everything a user may write in JSON: frozen, camelCase, unknown keys refused."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Any, get_origin

from pydantic import BaseModel, ConfigDict, PlainValidator, ValidationInfo, WithJsonSchema, field_validator
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

from wicketgate.ir.secrets import TextSecret, VariableRef
from wicketgate.spec.variables import VariableScope, split_env_calls, substitute


@dataclass(frozen=True, slots=True)
class KeepsVariables:
    """Marks a field whose own validator reads `$env(NAME)` or `${env.NAME}`."""


class Spec(BaseModel):
    """A table of the user's JSON. `$env(NAME)` is an error in it; see `Options` for where it is not."""

    model_config = ConfigDict(extra="forbid", frozen=True, alias_generator=to_camel, regex_engine="python-re")


class Options(Spec):
    """Options of a policy or a handler, and CORS policies: `$env(NAME)` may stand in any string."""

    @field_validator("*", mode="before")
    @classmethod
    def _variables(cls, value: Any, info: ValidationInfo) -> Any:
        field = cls.model_fields[info.field_name or ""]
        if any(isinstance(mark, KeepsVariables) for mark in field.metadata):
            return value
        if isinstance(value, dict) and get_origin(field.annotation) is dict:
            return {key: _substitute(item, scope_of(info)) for key, item in value.items()}
        return _substitute(value, scope_of(info))


def scope_of(info: ValidationInfo) -> VariableScope:
    """Return the scope that the caller of the validation gave as its context."""
    scope = info.context
    if not isinstance(scope, VariableScope):
        raise TypeError("options are validated with a VariableScope as context")
    return scope


def _substitute(value: Any, scope: VariableScope) -> Any:
    if isinstance(value, str):
        return substitute(value, scope)
    if isinstance(value, list):
        return [_substitute(item, scope) for item in value]
    return value


def _secret_text(value: Any, info: ValidationInfo) -> TextSecret:
    if not isinstance(value, str):
        raise PydanticCustomError("wrong-value", "this must be a string", {"hint": "write it in double quotes"})
    scope = scope_of(info)
    parts = (part if isinstance(part, str) else scope.use(part.name) for part in split_env_calls(value))
    return TextSecret(_joined(parts))


def _joined(parts: Iterable[str | VariableRef]) -> tuple[str | VariableRef, ...]:
    joined: list[str | VariableRef] = []
    for part in parts:
        if isinstance(part, str) and joined and isinstance(joined[-1], str):
            joined[-1] += part
        else:
            joined.append(part)
    return tuple(joined)


def _credential_text(value: Any, info: ValidationInfo) -> TextSecret:
    text = _secret_text(value, info)
    if all(isinstance(part, str) and not part.strip() for part in text.parts):
        raise PydanticCustomError("wrong-value", "this is empty", {"hint": "write it, or leave an option out"})
    return text


SecretText = Annotated[TextSecret, KeepsVariables(), PlainValidator(_secret_text), WithJsonSchema({"type": "string"})]
"""A text whose variables stay references, so that their values travel by SDS only."""

CredentialText = Annotated[
    TextSecret, KeepsVariables(), PlainValidator(_credential_text), WithJsonSchema({"type": "string"})
]
"""The same where nothing can come of an empty text."""

OptionalSecretText = Annotated[
    TextSecret | None,
    KeepsVariables(),
    PlainValidator(_credential_text),
    WithJsonSchema({"type": "string"}),
]
"""The same where it may be left out. (Inside a union the mark that keeps variables would not be found.)"""
