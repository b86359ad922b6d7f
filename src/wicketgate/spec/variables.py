"""`$env(NAME)` in options: where a variable may stand, and what may become of its value."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from pydantic_core import PydanticCustomError

from wicketgate.diagnostics import nearest
from wicketgate.ir.secrets import VariableRef
from wicketgate.secret_value import SecretValue

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
ENV_CALL = "$env("
_WORTH_MASKING = 4
"""Characters. A shorter value stands in any text by chance."""
_CALL = re.compile(r"\$env\(([^)]*)\)?")


class Secrecy(StrEnum):
    """What is known of a variable's confidentiality; UNMARKED is treated as secret wherever that is possible."""

    SECRET = "secret"  # noqa: S105 - the word, not a password
    PLAIN = "plain"
    UNMARKED = "unmarked"


class Variable(Protocol):
    @property
    def value(self) -> SecretValue: ...
    @property
    def secrecy(self) -> Secrecy: ...


class VariableLookup(Protocol):
    """The variables of one environment at one moment."""

    def lookup(self, name: str) -> Variable | None: ...
    def names(self) -> Iterable[str]: ...


@dataclass(slots=True)
class VariableScope:
    """Answers for variables while one project is validated, and remembers how each was used."""

    variables: VariableLookup
    confidential: set[str] = field(default_factory=set)
    """Names whose value goes to Envoy as a secret."""
    exposed: set[str] = field(default_factory=set)
    """Names whose value is part of the configuration, readable by whoever reads that."""
    _found: dict[str, Variable] = field(default_factory=dict)
    """Each is looked up once, so that one compile sees one value of it."""

    def require(self, name: str) -> Variable:
        """Return the variable or raise a validation error that says how to set it."""
        if name not in self._found:
            variable = self.variables.lookup(name)
            if variable is None:
                raise unset_variable(name, self.variables.names())
            self._found[name] = variable
        return self._found[name]

    def use(self, name: str) -> str | VariableRef:
        """Use the variable as a secret, so that only its name enters the configuration; a plain one as its text."""
        variable = self.require(name)
        if not variable.value:
            raise PydanticCustomError(
                "env-empty",
                "the variable `{name}` is empty",
                {"name": name, "hint": f"give it a value: `wicket env set {name}`"},
            )
        if variable.secrecy is Secrecy.PLAIN:
            return self.expose(name)
        self.confidential.add(name)
        return VariableRef(name)

    def expose(self, name: str) -> str:
        """Use the variable as plain configuration, or raise if it is marked secret."""
        variable = self.require(name)
        if variable.secrecy is Secrecy.SECRET:
            raise PydanticCustomError(
                "secret-exposed",
                "the secret `{name}` would stand in the configuration and in logs here",
                {"name": name, "hint": "send it in a header, or set it again with --plain if it is none"},
            )
        self.exposed.add(name)
        return variable.value.reveal()

    def masked(self, text: str) -> str:
        """Put `$env(NAME)` in the place of values that may be secret: what a message quotes is printed and logged."""
        values = {name: self._value(name) for name in self.confidential | self.exposed}
        for name, value in sorted(values.items(), key=lambda item: -len(item[1])):
            if len(value) >= _WORTH_MASKING and value.lower() in text.lower():
                text = re.sub(re.escape(value), lambda _, name=name: f"$env({name})", text, flags=re.IGNORECASE)  # type: ignore[misc]
        return text

    def _value(self, name: str) -> str:
        variable = self.variables.lookup(name)
        return variable.value.reveal() if variable is not None and variable.secrecy is not Secrecy.PLAIN else ""


def unset_variable(name: str, known: Iterable[str]) -> PydanticCustomError:
    like = nearest(name, known)
    hint = f"set it with `wicket env set {name}`, in .env, or in the environment of the process"
    return PydanticCustomError(
        "env-unset",
        "the variable `{name}` is not set",
        {"name": name, "hint": f"{hint} ({like})" if like.startswith("did") else hint},
    )


def split_env_calls(text: str) -> tuple[str | VariableRef, ...]:
    """Split `a $env(B) c` into literals and references; raise a validation error for a call that is none."""
    parts: list[str | VariableRef] = []
    end = 0
    for call in _CALL.finditer(text):
        if not call[0].endswith(")") or not NAME.fullmatch(call[1]):
            raise PydanticCustomError(
                "env-malformed",
                "`{call}` is not `$env(NAME)`",
                {"call": call[0], "hint": "letters, digits and underscores, no defaults, no nesting"},
            )
        parts += [text[end : call.start()], VariableRef(call[1])]
        end = call.end()
    parts.append(text[end:])
    return tuple(part for part in parts if part != "")


def substitute(text: str, scope: VariableScope) -> str:
    """Replace every `$env(NAME)` of a text that becomes plain configuration."""
    if ENV_CALL not in text:
        return text
    return "".join(part if isinstance(part, str) else scope.expose(part.name) for part in split_env_calls(text))
