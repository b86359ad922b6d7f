"""`wicket issuer rotate`: another key signs."""

from __future__ import annotations

from typing import Annotated

import typer

from wicketgate.cli.issuer_store import issuer_section, open_issuer
from wicketgate.cli.workspace import EnvironmentOption, ProjectOption, StateOption, open_workspace


def rotate(
    context: typer.Context,
    now: Annotated[
        bool,
        typer.Option(
            "--now", help="At once: verifiers that have not fetched the keys since the next one was published refuse."
        ),
    ] = False,
    environment: EnvironmentOption = None,
    project: ProjectOption = None,
    state: StateOption = None,
) -> None:
    """Let the next key sign as soon as it has been published for `publish_ahead`, without a refused token."""
    workspace = open_workspace(context, project, state)
    open_issuer(workspace, workspace.environment(environment)).rotate(now=now)
    ahead = issuer_section(workspace).publish_ahead
    typer.echo("the next key signs" if now else f"the next key signs once it has been published for {ahead:g} s")
