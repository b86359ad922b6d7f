"""`wicket cert import`, `rotate`, `enable`, `disable` and `delete`."""

from __future__ import annotations

from typing import Annotated

import typer

from wicketgate.cli import cert_store
from wicketgate.cli.cert_files import CertOption, KeyOption, PassphraseOption, read_pair
from wicketgate.cli.workspace import EnvironmentsOption, ProjectOption, StateOption, open_workspace

NameArgument = Annotated[str, typer.Argument(metavar="NAME|ID", help="What it is called, or its id (`cert_…`).")]


def import_(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="What projects call it: `mtlsCertificate`.")],
    cert: CertOption,
    key: KeyOption,
    passphrase_file: PassphraseOption = None,
    environment: EnvironmentsOption = None,
    project: ProjectOption = None,
    state: StateOption = None,
) -> None:
    """Keep a client certificate for origins that demand one; the key is sealed and never shown again."""
    workspace = open_workspace(context, project, state)
    environments = workspace.environments(environment)
    identifier = cert_store.add(workspace, name, read_pair(cert, key, passphrase_file), environments)
    typer.echo(f"{name} is imported for {', '.join(environments)} ({identifier})")


def rotate(
    context: typer.Context,
    name: NameArgument,
    cert: CertOption,
    key: KeyOption,
    passphrase_file: PassphraseOption = None,
    project: ProjectOption = None,
    state: StateOption = None,
) -> None:
    """Put another certificate in place of the one in use. A running gateway shows it on every new connection at once,
    and within `connectionAge` on all of them."""
    workspace = open_workspace(context, project, state)
    cert_store.replace(workspace, name, read_pair(cert, key, passphrase_file))
    typer.echo(f"{name} is replaced")


def enable(
    context: typer.Context,
    name: NameArgument,
    environment: EnvironmentsOption = None,
    project: ProjectOption = None,
    state: StateOption = None,
) -> None:
    """Let more environments use it."""
    workspace = open_workspace(context, project, state)
    environments = _environments(workspace.environments(environment))
    cert_store.open_certificate_store(workspace).enable(name, environments)
    typer.echo(f"{name} is enabled for {', '.join(environments)}")


def disable(
    context: typer.Context,
    name: NameArgument,
    environment: EnvironmentsOption = None,
    project: ProjectOption = None,
    state: StateOption = None,
) -> None:
    """Let environments use it no more; without --environment, none. A gateway that runs keeps what is live, and its
    next reload is refused until the project names another."""
    workspace = open_workspace(context, project, state)
    environments = _environments(tuple(environment or ()))
    cert_store.open_certificate_store(workspace).disable(name, environments)
    typer.echo(f"{name} is disabled{' for ' + ', '.join(environments) if environments else ''}")


def delete(
    context: typer.Context, name: NameArgument, project: ProjectOption = None, state: StateOption = None
) -> None:
    """Forget a certificate and its key. Refused while the project or the version that is live refers to it."""
    deleted = cert_store.delete(open_workspace(context, project, state), name)
    typer.echo(f"{deleted} is deleted")


def _environments(names: tuple[str, ...]) -> tuple[str, ...]:
    from wicketgate.variables.names import check_environment

    for name in names:
        check_environment(name)
    return names
