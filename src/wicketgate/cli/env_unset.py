"""`wicket env unset NAME`: remove a variable."""

from __future__ import annotations

from typing import Annotated

import typer

from wicketgate.cli.exit_codes import ExitCode
from wicketgate.cli.store_access import check_names, open_workspace_store
from wicketgate.cli.workspace import EnvironmentsOption, ProjectOption, StateOption, open_workspace


def unset(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The variable.")],
    environment: EnvironmentsOption = None,
    project: ProjectOption = None,
    state: StateOption = None,
) -> None:
    """Remove a variable from the store. Exits 1 when there was none."""
    workspace = open_workspace(context, project, state)
    environments = workspace.environments(environment)
    check_names(name, environments)
    if not open_workspace_store(workspace).unset(name, environments):
        typer.echo(f"{name} was not set for {', '.join(environments)}", err=True)
        raise typer.Exit(ExitCode.NOT_GOOD)
    typer.echo(f"{name} is removed for {', '.join(environments)}")
