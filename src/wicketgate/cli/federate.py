"""`wicket federate CLOUD [ORIGIN]`: what makes a cloud trust this gateway towards its origins."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from wicketgate.cli.exit_codes import ExitCode
from wicketgate.cli.federated import attempt, federated_uses
from wicketgate.cli.workspace import EnvironmentOption, ProjectOption, StateOption, open_workspace

if TYPE_CHECKING:
    from wicketgate.cli.workspace import Workspace
    from wicketgate.federate.trust import Setup
    from wicketgate.ir.credentials.base import CredentialUse


class Cloud(StrEnum):
    GCP = "gcp"
    AWS = "aws"
    AZURE = "azure"


class Part(StrEnum):
    BOTH = "both"
    TERRAFORM = "terraform"
    COMMANDS = "commands"


def federate(
    context: typer.Context,
    cloud: Annotated[Cloud, typer.Argument(help="Whose trust it is about.")],
    origin: Annotated[
        str | None,
        typer.Argument(
            metavar="ORIGIN", help="Name, URL or HOST[:PORT] of the origin; every one without.", show_default=False
        ),
    ] = None,
    show: Annotated[Part, typer.Option("--show", help="Terraform, the vendor's commands, or both.")] = Part.BOTH,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Make the exchange once, now, and explain what the cloud says.")
    ] = False,
    environment: EnvironmentOption = None,
    project: ProjectOption = None,
    state: StateOption = None,
) -> None:
    """Print exactly what to apply in the cloud, from what the project's policies say.

    What origins share, such as the identity provider, is printed with each of them: apply it once.

    With --dry-run exits 0 when the cloud gives a credential, 1 when it refuses. Nothing is changed anywhere.
    """
    from wicketgate.cli.federated_setup import setup_of

    workspace = open_workspace(context, project, state)
    name = workspace.environment(environment)
    uses = federated_uses(workspace, name, cloud.value, origin)
    if dry_run:
        for use in uses.chosen:
            _try(workspace, name, use)
    else:
        _print(setup_of(workspace, name, cloud.value, uses), show)


def _print(setup: Setup, show: Part) -> None:
    if show in (Part.BOTH, Part.TERRAFORM):
        typer.echo(setup.terraform, nl=show is Part.BOTH)
    if show in (Part.BOTH, Part.COMMANDS):
        typer.echo(setup.commands, nl=False)


def _try(workspace: Workspace, environment: str, use: CredentialUse) -> None:
    from wicketgate.errors import WicketError
    from wicketgate.federate.refusals import explain

    try:
        seconds = attempt(workspace, environment, use)
    except WicketError as error:
        typer.echo(f"refused: {error.message}")
        if found := explain(error.message):
            typer.echo(f"meaning: {found.meaning}\nremedy:  {found.remedy}")
        elif error.hint:
            typer.echo(f"hint:    {error.hint}")
        raise typer.Exit(ExitCode.NOT_GOOD) from None
    typer.echo(f"{use.credential.kind} for {use.destination}: obtained, for {seconds:.0f} s")
