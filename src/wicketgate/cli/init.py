"""`wicket init DIR`: a first project, runnable at once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from wicketgate.cli.terminal import printable


def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder to make; it may exist.")],
    origin: Annotated[str, typer.Option(metavar="URL", help="Where your origin is.")] = "http://127.0.0.1:9000",
) -> None:
    """Make a project from the quickstart, with a fresh secret in .env (mode 0600)."""
    from wicketgate.demo.quickstart import create_project, new_secret

    for file in create_project(folder, secret=new_secret(), origin_url=origin):
        typer.echo(printable(str(folder / file)))
    if folder != Path():
        typer.echo(f"next: cd {printable(str(folder))}", err=True)
    typer.echo("next: wicket check && wicket run   (README.md says how to guard the origin)", err=True)
