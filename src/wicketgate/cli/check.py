"""`wicket check`: all messages about a project at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from wicketgate.cli.diagnostic_output import CheckFormat, print_diagnostics
from wicketgate.cli.exit_codes import ExitCode
from wicketgate.cli.terminal import printable
from wicketgate.cli.workspace import EnvironmentOption, ProjectOption, StateOption, open_workspace
from wicketgate.diagnostics import Diagnostic


def check(
    context: typer.Context,
    project: ProjectOption = None,
    state: StateOption = None,
    environment: EnvironmentOption = None,
    form: Annotated[CheckFormat, typer.Option("--format", help="How messages are printed.")] = CheckFormat.TEXT,
) -> None:
    """Check the project: every error and warning, each with its place and what to do.

    Exits 0 when the project can be served (warnings allowed) and 1 when it has errors.
    """
    from wicketgate.cli.project import compile_workspace

    workspace = open_workspace(context, project, state)
    compiled = compile_workspace(workspace, environment)
    print_diagnostics(compiled.diagnostics, project=workspace.project, form=form)
    if form is CheckFormat.TEXT:
        _print_verdict(workspace.project.resolve().name, compiled.diagnostics)
    if not compiled.ok:
        raise typer.Exit(ExitCode.NOT_GOOD)


def _print_verdict(name: str, items: Sequence[Diagnostic]) -> None:
    errors = sum(1 for item in items if item.is_error)
    warnings = len(items) - errors
    verdict = "does not check" if errors else "is good"
    typer.echo(f"{printable(name)} {verdict}: {_count(errors, 'error')}, {_count(warnings, 'warning')}")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
