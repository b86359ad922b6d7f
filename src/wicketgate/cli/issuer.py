"""`wicket issuer …`: the gateway as an OpenID Connect issuer. Private keys never leave the store."""

from __future__ import annotations

import typer

from wicketgate.cli.issuer_export import export_jwks
from wicketgate.cli.issuer_rotate import rotate
from wicketgate.cli.issuer_show import show

app = typer.Typer(help="The gateway's own tokens: issuer, keys, subjects.", no_args_is_help=True)
app.command("show")(show)
app.command("rotate")(rotate)
app.command("export-jwks")(export_jwks)
