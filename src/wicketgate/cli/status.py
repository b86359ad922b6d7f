"""`wicket status`: how the running gateway stands."""

from __future__ import annotations

from typing import Annotated

import typer

from wicketgate.cli.control import ask
from wicketgate.cli.exit_codes import ExitCode
from wicketgate.cli.terminal import TableFormat, print_json, print_table
from wicketgate.cli.workspace import ProjectOption, StateOption, open_workspace
from wicketgate.json_types import Json


def status(
    context: typer.Context,
    project: ProjectOption = None,
    state: StateOption = None,
    form: Annotated[TableFormat, typer.Option("--format", help="How it is printed.")] = TableFormat.TEXT,
) -> None:
    """Say which version serves, since when, and whether the folder could be taken up.

    Exits 0 when the gateway is ready, 1 when it is not, 3 when none runs.
    """
    code, answer = ask(open_workspace(context, project, state), "GET", "/status")
    if form is TableFormat.JSON:
        print_json(answer)
    else:
        print_table(("", ""), ((name, _in_words(value)) for name, value in answer.items()))
    if code != 200 or not answer.get("ready", True):
        raise typer.Exit(ExitCode.NOT_GOOD)


def _in_words(value: Json) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(_in_words(item) for item in value)
    if isinstance(value, dict):
        return ", ".join(f"{key}={_in_words(item)}" for key, item in value.items())
    return "" if value is None else str(value)
