"""The command line and its global options."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from wicketgate.cli.command_table import CommandGroup
from wicketgate.cli.workspace import Session

app = typer.Typer(
    name="wicket",
    cls=CommandGroup,
    help="Run an API gateway whose origins answer it and nobody else.",
    no_args_is_help=True,
    # Values on the stack are secrets sooner or later: no traceback with locals, ever.
    pretty_exceptions_enable=False,
    pretty_exceptions_show_locals=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def _global_options(
    context: typer.Context,
    project: Annotated[Path | None, typer.Option("--project", "-p", metavar="DIR", help="The project folder.")] = None,
    state: Annotated[
        Path | None, typer.Option("--state", "--state-dir", metavar="DIR", help="Where state is kept.")
    ] = None,
    debug: Annotated[bool, typer.Option("--debug", help="Show a traceback when Wicketgate itself fails.")] = False,
) -> None:
    context.obj = Session(environ=os.environ, project=project, state=state, debug=debug)


def main() -> None:
    """Run the command of this process's arguments and exit with its code (see `ExitCode`)."""
    app(prog_name="wicket")
