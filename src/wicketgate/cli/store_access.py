"""Open the store of a workspace, and take a value from the terminal or from standard input."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import typer

from wicketgate.cli.workspace import Workspace
from wicketgate.errors import WicketError
from wicketgate.secret_value import SecretValue

if TYPE_CHECKING:
    from wicketgate.store import Store


def open_workspace_store(workspace: Workspace) -> Store:
    """Open the store, making it if there is none. Raises `StoreError`, `KeyUnusableError`."""
    from wicketgate.store import open_store
    from wicketgate.variables.live import KEY_VARIABLE

    return open_store(workspace.state, key=workspace.environ.get(KEY_VARIABLE))


def check_names(name: str, environments: tuple[str, ...]) -> None:
    """Raise `VariableNameError` unless the variable and the environments may be called so."""
    from wicketgate.variables import check_name
    from wicketgate.variables.names import check_environment

    check_name(name)
    for environment in environments:
        check_environment(environment)


def read_value(name: str) -> SecretValue:
    """Ask for a value twice without showing it, or take standard input without the newline at its end.

    Raises `VariableNameError` when the value may not be stored.
    """
    from wicketgate.variables import check_value

    text = _asked(name) if sys.stdin.isatty() else _piped(name)
    check_value(name, text)
    return SecretValue(text)


def _asked(name: str) -> str:
    return str(typer.prompt(f"value of {name}", hide_input=True, confirmation_prompt="once more", err=True))


def _piped(name: str) -> str:
    try:
        text = sys.stdin.read()
    except UnicodeDecodeError:
        raise WicketError(f"the value of {name} is not UTF-8", hint="give text on standard input") from None
    return text.removesuffix("\n").removesuffix("\r")
