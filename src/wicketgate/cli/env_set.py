"""`wicket env set NAME`: give a variable a value."""

from __future__ import annotations

from typing import Annotated

import typer

from wicketgate.cli.store_access import check_names, open_workspace_store, read_value
from wicketgate.cli.workspace import EnvironmentsOption, ProjectOption, StateOption, open_workspace


def set_(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Capital letters, digits and underscores.")],
    secret: Annotated[bool, typer.Option("--secret", help="Never shown, and refused where it would be.")] = False,
    plain: Annotated[bool, typer.Option("--plain", help="No secret: may be shown and stand in URLs.")] = False,
    environment: EnvironmentsOption = None,
    project: ProjectOption = None,
    state: StateOption = None,
) -> None:
    """Store a value, asked for on the terminal or taken from standard input. A running gateway uses it at once.

    Without `--secret` and `--plain` it is treated as a secret wherever it can be.
    """
    from wicketgate.spec.variables import Secrecy

    if secret and plain:
        raise typer.BadParameter("a variable is either --secret or --plain")
    workspace = open_workspace(context, project, state)
    environments = workspace.environments(environment)
    check_names(name, environments)
    secrecy = Secrecy.SECRET if secret else Secrecy.PLAIN if plain else Secrecy.UNMARKED
    open_workspace_store(workspace).set(name, read_value(name), secrecy, environments)
    typer.echo(f"{name} is set for {', '.join(environments)} ({secrecy})")
