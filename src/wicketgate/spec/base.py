"""The base of everything a user may write in JSON: frozen, camelCase, unknown keys refused."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Any, get_origin

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    PlainValidator,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
)
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

from wicketgate.ir.secrets import TextSecret, VariableRef
from wicketgate.spec.variables import ENV_CALL, VariableScope, split_env_calls, substitute


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
        # A table with a model of its own reads its variables by that.
        return _substitute(value, scope_of(info), in_tables=get_origin(field.annotation) is dict)


def scope_of(info: ValidationInfo) -> VariableScope:
    """Return the scope that the caller of the validation gave as its context."""
    scope = info.context
    if not isinstance(scope, VariableScope):
        raise TypeError("options are validated with a VariableScope as context")
    return scope


def _substitute(value: Any, scope: VariableScope, *, in_tables: bool) -> Any:
    if isinstance(value, str):
        return substitute(value, scope)
    if isinstance(value, list):
        return [_substitute(item, scope, in_tables=in_tables) for item in value]
    if isinstance(value, dict) and in_tables:
        return {_key(name): _substitute(item, scope, in_tables=True) for name, item in value.items()}
    return value


def _key(name: str) -> str:
    if ENV_CALL in name:
        raise PydanticCustomError(
            "env-unexpected", "an $env() statement is not expected in a key", {"hint": "it is read in values"}
        )
    return name


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
        raise _empty()
    return text


def _filled(text: str) -> str:
    if not text.strip():
        raise _empty()
    return text


def _empty() -> PydanticCustomError:
    return PydanticCustomError("wrong-value", "this is empty", {"hint": "write it, or leave an option out"})


FilledText = Annotated[str, AfterValidator(_filled), WithJsonSchema({"type": "string", "minLength": 1})]
"""Plain configuration where nothing, or something else than is meant, would come of an empty text."""

OneOrMore = Annotated[
    tuple[FilledText, ...],
    BeforeValidator(lambda value: (value,) if isinstance(value, str) else value),
    WithJsonSchema(
        {"anyOf": [{"type": "string", "minLength": 1}, {"type": "array", "items": {"type": "string", "minLength": 1}}]}
    ),
]
"""A text, or a list of them."""

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
