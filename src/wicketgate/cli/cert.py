"""`wicket cert …`: certificates that the gateway shows. A key is never an argument, and is never shown."""

from __future__ import annotations

import typer

from wicketgate.cli.cert_change import delete, disable, enable, import_, rotate
from wicketgate.cli.cert_show import describe, list_

app = typer.Typer(help="Keep the certificates that the gateway shows to origins.", no_args_is_help=True)
app.command("import")(import_)
app.command("list")(list_)
app.command("describe")(describe)
app.command("enable")(enable)
app.command("disable")(disable)
app.command("delete")(delete)
app.command("rotate")(rotate)
