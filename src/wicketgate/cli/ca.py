"""`wicket ca …`: the installation's own certificate authority. Its keys never leave the store."""

from __future__ import annotations

import typer

from wicketgate.cli.ca_bundle import bundle
from wicketgate.cli.ca_init import init
from wicketgate.cli.ca_issue import issue
from wicketgate.cli.ca_revoke import revoke
from wicketgate.cli.ca_rotate import rotate
from wicketgate.cli.ca_show import show

app = typer.Typer(help="A private certificate authority: client certificates for origins.", no_args_is_help=True)
app.command("init")(init)
app.command("show")(show)
app.command("issue")(issue)
app.command("revoke")(revoke)
app.command("rotate")(rotate)
app.command("bundle")(bundle)
