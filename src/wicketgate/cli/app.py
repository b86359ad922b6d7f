"""The command line: its commands and its global options."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from wicketgate.cli import (
    ca,
    ca_certificate,
    cert,
    check,
    demo,
    dev,
    diff,
    doctor,
    env,
    explain,
    guard,
    init,
    mtls_certificate,
    routes,
    run,
    status,
    version,
)
from wicketgate.cli import compile as compile_command
from wicketgate.cli import reload as reload_command
from wicketgate.cli.endings import PoliteGroup
from wicketgate.cli.workspace import Session

app = typer.Typer(
    name="wicket",
    cls=PoliteGroup,
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


app.command("init")(init.init)
app.command("check")(check.check)
app.command("run")(run.run)
app.command("dev")(dev.dev)
app.command("reload")(reload_command.reload)
app.command("status")(status.status)
app.command("demo")(demo.demo)
app.command("routes")(routes.routes)
app.command("explain")(explain.explain)
app.command("compile")(compile_command.compile_)
app.command("diff")(diff.diff)
app.add_typer(env.app, name="env")
app.add_typer(ca.app, name="ca")
app.add_typer(cert.app, name="cert")
app.add_typer(mtls_certificate.app, name="mtls-certificate")
app.add_typer(ca_certificate.app, name="ca-certificate")
app.command("guard")(guard.guard)
app.command("doctor")(doctor.doctor)
app.command("version")(version.version)


def main() -> None:
    """Run the command of this process's arguments and exit with its code (see `ExitCode`)."""
    app(prog_name="wicket")
