"""`wicket mtls-certificate …`: the reference's spelling of `wicket cert`.

Source: https://zuplo.com/docs/cli/mtls-certificate-create and its siblings. `--account` is taken and has no effect: an
installation is one account. Its `--project` names a project of an account; ours is the folder.
"""

from __future__ import annotations

from typing import Annotated

import typer

from wicketgate.cli import cert_change, cert_show
from wicketgate.cli.cert_files import CertOption, KeyOption, PassphraseOption
from wicketgate.cli.cert_show import FormatOption
from wicketgate.cli.cert_store import open_certificate_store
from wicketgate.cli.terminal import TableFormat
from wicketgate.cli.workspace import ProjectOption, StateOption, open_workspace

_ACCOUNT = "Taken for compatibility; an installation is one account."


def _passed_over(account: str | None) -> None:
    if account is not None:
        typer.echo("note: --account has no effect: an installation is one account", err=True)


AccountOption = Annotated[str | None, typer.Option("--account", metavar="NAME", help=_ACCOUNT, callback=_passed_over)]
IdOption = Annotated[str, typer.Option("--cert-id", metavar="ID", help="Its id (`cert_…`) or its name.")]
TypesOption = Annotated[
    list[str] | None,
    typer.Option("--environment-type", metavar="TYPE", help="production, preview or development; repeatable."),
]

app = typer.Typer(help="The reference's spelling of `wicket cert`.", no_args_is_help=True)


@app.command("create")
def create(
    context: typer.Context,
    name: Annotated[str, typer.Option("--name", metavar="NAME", help="What projects call it.")],
    cert: CertOption,
    key: KeyOption,
    environment_type: TypesOption = None,
    passphrase_file: PassphraseOption = None,
    account: AccountOption = None,  # noqa: ARG001 - taken for compatibility
    project: ProjectOption = None,
    state: StateOption = None,
) -> None:
    """As `wicket cert import`."""
    cert_change.import_(context, name, cert, key, passphrase_file, environment_type, project, state)


@app.command("list")
def list_(
    context: typer.Context,
    account: AccountOption = None,  # noqa: ARG001 - taken for compatibility
    project: ProjectOption = None,
    state: StateOption = None,
    form: FormatOption = TableFormat.TEXT,
) -> None:
    """As `wicket cert list`."""
    cert_show.list_(context, project, state, form)


@app.command("describe")
def describe(
    context: typer.Context,
    cert_id: IdOption,
    account: AccountOption = None,  # noqa: ARG001 - taken for compatibility
    project: ProjectOption = None,
    state: StateOption = None,
    form: FormatOption = TableFormat.TEXT,
) -> None:
    """As `wicket cert describe`."""
    cert_show.describe(context, cert_id, project, state, form)


@app.command("update")
def update(
    context: typer.Context,
    cert_id: IdOption,
    environment_type: TypesOption = None,
    account: AccountOption = None,  # noqa: ARG001 - taken for compatibility
    project: ProjectOption = None,
    state: StateOption = None,
) -> None:
    """Enable it for exactly these environment types."""
    if not environment_type:
        raise typer.BadParameter("say for which environments: --environment-type TYPE")
    store = open_certificate_store(open_workspace(context, project, state))
    others = [name for name in store.find(cert_id).environments if name not in environment_type]
    cert_change.enable(context, cert_id, environment_type, project, state)
    if others:
        cert_change.disable(context, cert_id, others, project, state)


@app.command("disable")
def disable(
    context: typer.Context,
    cert_id: IdOption,
    account: AccountOption = None,  # noqa: ARG001 - taken for compatibility
    project: ProjectOption = None,
    state: StateOption = None,
) -> None:
    """Disable it for all environment types, as `wicket cert disable`."""
    cert_change.disable(context, cert_id, None, project, state)


@app.command("delete")
def delete(
    context: typer.Context,
    cert_id: IdOption,
    account: AccountOption = None,  # noqa: ARG001 - taken for compatibility
    project: ProjectOption = None,
    state: StateOption = None,
) -> None:
    """As `wicket cert delete`."""
    cert_change.delete(context, cert_id, project, state)
