"""What a variable may be called and hold (https://zuplo.com/docs/articles/environment-variables)."""

from __future__ import annotations

import re
from typing import Literal, get_args

from wicketgate.errors import WicketError

EnvironmentName = Literal["production", "preview", "development"]
ENVIRONMENTS: tuple[str, ...] = get_args(EnvironmentName)
MAX_BYTES = 8192

_NAME = re.compile(r"[A-Z][A-Z0-9_]{0,127}")
_RESERVED = ("ZUPLO_", "__ZUPLO", "ZUDOKU_", "WICKET_")


class VariableNameError(WicketError):
    """Not a name, an environment or a value that a variable may have. The message never holds the value."""

    exit_code = 2


def check_name(name: str) -> None:
    """Raise `VariableNameError` unless the name may be set."""
    if name.startswith(_RESERVED):
        raise VariableNameError(
            f"names that begin with {', '.join(_RESERVED)} are reserved", hint="choose another name"
        )
    if not _NAME.fullmatch(name):
        raise VariableNameError(
            f"`{name}` is not a name", hint="capital letters, digits and underscores: BACKEND_SECRET"
        )


def check_environment(name: str) -> None:
    """Raise `VariableNameError` unless there is such an environment."""
    if name not in ENVIRONMENTS:
        raise VariableNameError(f"there is no environment `{name}`", hint=f"use {', '.join(ENVIRONMENTS)}")


def check_value(name: str, value: str) -> None:
    """Raise `VariableNameError` unless the value may be stored."""
    if not value:
        raise VariableNameError(f"the value of {name} is empty", hint="to remove it: wicket env unset")
    if len(value.encode()) > MAX_BYTES:
        raise VariableNameError(
            f"the value of {name} has more than {MAX_BYTES} bytes", hint="keep it in a file of its own"
        )
    if "\0" in value:
        raise VariableNameError(f"the value of {name} holds a NUL character", hint="give it as text")
