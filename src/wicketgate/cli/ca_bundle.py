"""`wicket ca bundle`: what origins have to trust."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wicketgate.cli.ca_store import require_state, write_file
from wicketgate.cli.workspace import ProjectOption, StateOption, open_workspace

if TYPE_CHECKING:
    from wicketgate.private_ca import CaState


def bundle(
    context: typer.Context,
    crl: Annotated[bool, typer.Option("--crl", help="The revocation lists of root and intermediates instead.")] = False,
    intermediates: Annotated[
        bool, typer.Option("--intermediates", help="Put the intermediates in too, as an AWS trust store wants them.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="FILE", help="Replace this file, in one step.")
    ] = None,
    project: ProjectOption = None,
    state: StateOption = None,
) -> None:
    """Print the roots in PEM: during a rotation old and new. The gateway serves the same on its private listener
    (`/ca/bundle.pem`, `/ca/crl.pem`)."""
    found = require_state(open_workspace(context, project, state))
    text = found.lists if crl else _certificates(found, intermediates=intermediates)
    if out is None:
        typer.echo(text, nl=False)
    else:
        write_file(out, text)
        typer.echo(f"wrote {out}")


def _certificates(state: CaState, *, intermediates: bool) -> str:
    below = "".join(each.authority.certificate.pem for each in state.intermediates()) if intermediates else ""
    return state.bundle + below
