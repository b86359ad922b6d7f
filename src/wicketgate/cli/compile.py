"""`wicket compile`: what Envoy would be told."""

from __future__ import annotations

import typer

from wicketgate.cli.terminal import print_json
from wicketgate.cli.workspace import EnvironmentOption, ProjectOption, StateOption, open_workspace


def compile_(
    context: typer.Context,
    project: ProjectOption = None,
    state: StateOption = None,
    environment: EnvironmentOption = None,
) -> None:
    """Print the Envoy resources of the project as JSON: secrets by name, never by value."""
    from wicketgate.cli.project import require_compiled
    from wicketgate.cli.resource_json import resources_json

    compiled = require_compiled(open_workspace(context, project, state), environment)
    if compiled.resources is not None:
        print_json(resources_json(compiled.resources))
