"""`wicket ca-certificate …`: whom the gateway believes when callers, or origins, show a certificate."""

from __future__ import annotations

import typer

from wicketgate.cli.ca_certificate_change import create, delete, update
from wicketgate.cli.ca_certificate_show import describe, list_

app = typer.Typer(
    help="Keep the CA certificates that vouch for callers and for origins. Everything in them is public.",
    no_args_is_help=True,
)
app.command("create")(create)
app.command("list")(list_)
app.command("describe")(describe)
app.command("update")(update)
app.command("delete")(delete)
