"""`wicket status`: how the running gateway stands."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Annotated

import typer

from wicketgate.cli.control import ask
from wicketgate.cli.exit_codes import ExitCode
from wicketgate.cli.terminal import TableFormat, print_json, print_table
from wicketgate.cli.workspace import ProjectOption, StateOption, open_workspace
from wicketgate.json_types import JsonObject


def status(
    context: typer.Context,
    project: ProjectOption = None,
    state: StateOption = None,
    form: Annotated[TableFormat, typer.Option("--format", help="How it is printed.")] = TableFormat.TEXT,
) -> None:
    """Say which version serves, since when, and what keeps the gateway from being ready.

    Exits 0 when the gateway is ready, 1 when it is not, 3 when none runs.
    """
    _, answer = ask(open_workspace(context, project, state), "GET", "/status")
    if form is TableFormat.JSON:
        print_json(answer)
    else:
        print_table(("", ""), _rows(answer))
    if not answer["ready"]:
        raise typer.Exit(ExitCode.NOT_GOOD)


def _rows(answer: JsonObject) -> Iterator[tuple[str, str]]:
    yield "ready", "yes" if answer["ready"] else "no"
    yield "version", answer["version"] or "none"
    if answer["since"]:
        yield "since", time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(answer["since"]))
    yield from sorted(answer["problems"].items())
    for each in answer["certificates"]:
        if each["problem"]:
            yield f"certificate {each['name']}", each["problem"]
