"""`wicket credentials`: what the broker of the running gateway holds, without a value."""

from __future__ import annotations

import time
from typing import Annotated

import typer

from wicketgate.cli.control import ask
from wicketgate.cli.exit_codes import ExitCode
from wicketgate.cli.terminal import TableFormat, print_json, print_table
from wicketgate.cli.workspace import ProjectOption, StateOption, open_workspace
from wicketgate.json_types import JsonObject

_MINUTE = 60


def credentials(
    context: typer.Context,
    project: ProjectOption = None,
    state: StateOption = None,
    form: Annotated[TableFormat, typer.Option("--format", help="How it is printed.")] = TableFormat.TEXT,
) -> None:
    """List the credentials that the running gateway obtains and renews, and what providers say where it cannot.

    Exits 0 when all are held, 1 when one is missing, 3 when no gateway runs.
    """
    _, answer = ask(open_workspace(context, project, state), "GET", "/credentials")
    found: list[JsonObject] = answer["credentials"]
    if form is TableFormat.JSON:
        print_json(found)
    else:
        print_table(("kind", "destination", "state", "ends", "last problem"), (_row(each) for each in found))
    if any(each["expiresAt"] is None for each in found):
        raise typer.Exit(ExitCode.NOT_GOOD)


def _row(each: JsonObject) -> tuple[str, ...]:
    problem = f"{each['problem']} ({each['hint']})" if each["hint"] else each["problem"]
    return each["kind"], each["destination"], each["state"], _ends(each["expiresAt"]), problem


def _ends(at: float | None) -> str:
    if at is None:
        return "-"
    left = at - time.time()
    return f"in {left:.0f} s" if left < 2 * _MINUTE else f"in {left / _MINUTE:.0f} min"
