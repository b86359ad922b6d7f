"""`wicket federate CLOUD ORIGIN`: what makes a cloud trust this gateway towards one origin."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from wicketgate.cli.exit_codes import ExitCode
from wicketgate.cli.federated import attempt, federated_uses, trust_of
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
    origin: Annotated[str, typer.Argument(metavar="ORIGIN", help="Name, URL or HOST[:PORT] of the origin.")],
    show: Annotated[Part, typer.Option("--show", help="Terraform, the vendor's commands, or both.")] = Part.BOTH,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Make the exchange once, now, and explain what the cloud says.")
    ] = False,
    environment: EnvironmentOption = None,
    project: ProjectOption = None,
    state: StateOption = None,
) -> None:
    """Print exactly what to apply in the cloud, from what the project's policies say.

    With --dry-run exits 0 when the cloud gives a credential, 1 when it refuses. Nothing is changed anywhere.
    """
    workspace = open_workspace(context, project, state)
    name = workspace.environment(environment)
    for use in federated_uses(workspace, name, cloud.value, origin):
        if dry_run:
            _try(workspace, name, use)
        else:
            _print(_setup(workspace, name, use), show)


def _print(setup: Setup, show: Part) -> None:
    if show in (Part.BOTH, Part.TERRAFORM):
        typer.echo(setup.terraform, nl=show is Part.BOTH)
    if show in (Part.BOTH, Part.COMMANDS):
        typer.echo(setup.commands, nl=False)


def _setup(workspace: Workspace, environment: str, use: CredentialUse) -> Setup:
    from wicketgate.federate import aws, azure, gcp
    from wicketgate.ir.credentials.aws import RoleByGatewayToken
    from wicketgate.ir.credentials.azure import EntraFederatedToken
    from wicketgate.ir.credentials.google import FederatedToken

    match use.credential:
        case FederatedToken() as google:
            trust = trust_of(workspace, environment, use.destination, google.asserted_audience)
            return gcp.setup(trust, provider=google.provider, service_account=google.service_account)
        case RoleByGatewayToken(role=role, audience=audience):
            return aws.setup(trust_of(workspace, environment, use.destination, audience), role_arn=role.arn)
        case EntraFederatedToken(client_id=client_id, audience=audience):
            shown = "".join(str(part) if isinstance(part, str) else f"$env({part.name})" for part in client_id.parts)
            return azure.setup(trust_of(workspace, environment, use.destination, audience), client_id=shown)
        case other:
            raise TypeError(f"{other.kind} is no federated credential")


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
