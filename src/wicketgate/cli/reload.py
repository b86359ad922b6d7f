"""`wicket reload`: take up the changes of the folder."""

from __future__ import annotations

import typer

from wicketgate.cli.control import RELOAD_SECONDS, ask
from wicketgate.cli.diagnostic_output import print_diagnostics
from wicketgate.cli.exit_codes import ExitCode
from wicketgate.cli.terminal import printable
from wicketgate.cli.workspace import ProjectOption, StateOption, open_workspace
from wicketgate.diagnostics import Diagnostic, Severity, Span
from wicketgate.json_types import JsonObject


def reload(context: typer.Context, project: ProjectOption = None, state: StateOption = None) -> None:
    """Make the running gateway read the folder again, and wait until it serves it.

    Exits 1 when the project does not check; the last good version then goes on serving.
    """
    workspace = open_workspace(context, project, state)
    _, answer = ask(workspace, "POST", "/reload", seconds=RELOAD_SECONDS)
    print_diagnostics([_diagnostic(item) for item in answer["diagnostics"]], project=workspace.project, err=True)
    if answer["ok"]:
        typer.echo(f"{'serving' if answer['changed'] else 'unchanged,'} version {answer['version']}")
        if answer["message"]:
            typer.echo(printable(answer["message"]), err=True)
        return
    typer.echo(f"not reloaded: {printable(answer['message'])}", err=True)
    if answer["hint"]:
        typer.echo(f"hint: {printable(answer['hint'])}", err=True)
    raise typer.Exit(ExitCode.NOT_GOOD)


def _diagnostic(item: JsonObject) -> Diagnostic:
    span = Span(item["file"], item["line"], item["column"])
    return Diagnostic(item["code"], span, item["message"], item["hint"], Severity(item["severity"]))
