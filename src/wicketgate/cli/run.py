"""`wicket run`: serve the project."""

from __future__ import annotations

import typer

from wicketgate.cli.serving import ListenOption, serve
from wicketgate.cli.workspace import EnvironmentOption, ProjectOption, StateOption, open_workspace


def run(
    context: typer.Context,
    project: ProjectOption = None,
    state: StateOption = None,
    environment: EnvironmentOption = None,
    listen: ListenOption = None,
) -> None:
    """Serve the project until SIGTERM or Ctrl-C, then drain.

    Prints `listening on …` when traffic is served. SIGHUP and `wicket reload` take up changes of the folder.
    """
    workspace = open_workspace(context, project, state)
    serve(workspace, listen=listen, environment=workspace.environment(environment), watch=False)
