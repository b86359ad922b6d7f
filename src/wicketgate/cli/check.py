"""`wicket check`: all messages about a project at once."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wicketgate.cli.diagnostic_output import CheckFormat, print_diagnostics
from wicketgate.cli.exit_codes import ExitCode
from wicketgate.cli.terminal import printable
from wicketgate.cli.workspace import EnvironmentOption, ProjectOption, StateOption, open_workspace
from wicketgate.diagnostics import Diagnostic, Severity, Span

if TYPE_CHECKING:
    from wicketgate.certificates.in_use import InUse


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
    from wicketgate.cli.accounts import unusable_accounts
    from wicketgate.cli.project import certificates_in_use, compile_workspace

    workspace = open_workspace(context, project, state)
    compiled = compile_workspace(workspace, environment)
    found = certificates_in_use(workspace, environment, compiled)
    certificates = filter(None, (_told(each, workspace.project) for each in found))
    messages = (*compiled.diagnostics, *certificates, *unusable_accounts(workspace, environment, compiled))
    print_diagnostics(messages, project=workspace.project, form=form)
    if form is CheckFormat.TEXT:
        _print_verdict(workspace.project.resolve().name, messages)
    if any(each.is_error for each in messages):
        raise typer.Exit(ExitCode.NOT_GOOD)


def _told(each: InUse, project: Path) -> Diagnostic | None:
    """A certificate that cannot be used would stop the publish; one that ends soon is a warning."""
    place = Span(os.path.relpath(each.file, project) if each.file else "wicket.toml")
    if not each.chain:
        return Diagnostic("certificate-unusable", place, each.problem, each.hint)
    alarm = each.alarm(time.time())
    if not alarm:
        return None
    hint = "put another in its place: docs/guide/mutual-tls.md"
    return Diagnostic("certificate-expiring", place, f"the certificate {each.name} {alarm}", hint, Severity.WARNING)


def _print_verdict(name: str, items: Sequence[Diagnostic]) -> None:
    errors = sum(1 for item in items if item.is_error)
    warnings = len(items) - errors
    verdict = "does not check" if errors else "is good"
    typer.echo(f"{printable(name)} {verdict}: {_count(errors, 'error')}, {_count(warnings, 'warning')}")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
