"""`wicket issuer export-jwks`: the public keys in a file, for clouds and origins that cannot reach the gateway."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from wicketgate.cli.ca_store import write_file
from wicketgate.cli.issuer_store import open_issuer
from wicketgate.cli.workspace import EnvironmentOption, ProjectOption, StateOption, open_workspace


def export_jwks(
    context: typer.Context,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Where to; standard output without.")
    ] = None,
    environment: EnvironmentOption = None,
    project: ProjectOption = None,
    state: StateOption = None,
) -> None:
    """Write the JSON Web Key set. Write it anew after each rotation, before the next key signs."""
    from wicketgate.issuer.documents import key_set

    workspace = open_workspace(context, project, state)
    keys = open_issuer(workspace, workspace.environment(environment)).keys()
    text = key_set(each.key for each in keys) + "\n"
    if out is None:
        typer.echo(text, nl=False)
    else:
        write_file(out, text)
        typer.echo(f"{len(keys)} public keys in {out}")
