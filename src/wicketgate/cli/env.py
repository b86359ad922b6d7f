"""`wicket env …`: variables and secrets. A value is never an argument, and a secret is never shown."""

from __future__ import annotations

import typer

from wicketgate.cli.env_list import list_
from wicketgate.cli.env_rotate import rotate
from wicketgate.cli.env_set import set_
from wicketgate.cli.env_unset import unset

app = typer.Typer(help="Set, list, remove and rotate variables and secrets.", no_args_is_help=True)
app.command("set")(set_)
app.command("list")(list_)
app.command("unset")(unset)
app.command("rotate")(rotate)
