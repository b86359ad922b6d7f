"""`wicket dev`: serve the project and follow its changes."""

from __future__ import annotations

import typer

from wicketgate.cli.serving import ListenOption, serve
from wicketgate.cli.workspace import EnvironmentOption, ProjectOption, StateOption, open_workspace


def dev(
    context: typer.Context,
    project: ProjectOption = None,
    state: StateOption = None,
    environment: EnvironmentOption = None,
    listen: ListenOption = None,
) -> None:
    """Serve the project and take up each change of a file as it is saved.

    A change that does not check is reported, and the last good version goes on serving.
    """
    workspace = open_workspace(context, project, state)
    name = workspace.environment(environment, default="development")
    serve(workspace, listen=listen, environment=name, watch=True)
