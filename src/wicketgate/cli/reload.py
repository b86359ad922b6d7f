"""`wicket reload`: take up the changes of the folder."""

from __future__ import annotations

import typer

from wicketgate.cli.control import RELOAD_SECONDS, ask
from wicketgate.cli.exit_codes import ExitCode
from wicketgate.cli.terminal import printable
from wicketgate.cli.workspace import ProjectOption, StateOption, open_workspace


def reload(context: typer.Context, project: ProjectOption = None, state: StateOption = None) -> None:
    """Make the running gateway read the folder again, and wait until it serves it.

    Exits 1 when the project does not check; the last good version then goes on serving.
    """
    _, answer = ask(open_workspace(context, project, state), "POST", "/reload", seconds=RELOAD_SECONDS)
    for line in answer.get("messages", ()):
        typer.echo(printable(str(line)), err=True)
    if not answer.get("ok"):
        typer.echo("not reloaded: the last good version goes on serving", err=True)
        raise typer.Exit(ExitCode.NOT_GOOD)
    typer.echo(f"serving {answer.get('version', '')}".rstrip())
