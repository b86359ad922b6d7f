"""`wicket doctor`: is this machine fit to run this project?"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wicketgate.cli.exit_codes import ExitCode
from wicketgate.cli.terminal import TableFormat, print_json, print_table
from wicketgate.cli.workspace import (
    EnvironmentOption,
    MachineError,
    ProjectOption,
    StateOption,
    Workspace,
    open_workspace,
)

if TYPE_CHECKING:
    from wicketgate.cli.machine import Sign
    from wicketgate.compile import Compiled


def doctor(
    context: typer.Context,
    project: ProjectOption = None,
    state: StateOption = None,
    environment: EnvironmentOption = None,
    form: Annotated[TableFormat, typer.Option("--format", help="How it is printed.")] = TableFormat.TEXT,
) -> None:
    """Look at Python, Envoy, limits, clock, permissions, ports, the running gateway and the project.

    Exits 1 when something would keep the gateway from running well.
    """
    workspace = open_workspace(context, project, state)
    signs = list(_examine(workspace, environment))
    if form is TableFormat.JSON:
        rows = [{"subject": sign.subject, "level": sign.level, "text": sign.text, "hint": sign.hint} for sign in signs]
        print_json(rows)
    else:
        columns = ("", "subject", "what was found", "what to do")
        print_table(columns, ((sign.level, sign.subject, sign.text, sign.hint) for sign in signs))
    if any(sign.level == "bad" for sign in signs):
        raise typer.Exit(ExitCode.NOT_GOOD)


def _examine(workspace: Workspace, environment: str | None) -> Iterator[Sign]:
    from wicketgate.cli import machine
    from wicketgate.cli.project import compile_workspace

    yield machine.python_sign()
    yield machine.system_sign()
    yield machine.envoy_sign()
    yield machine.open_files_sign()
    yield machine.clock_sign()
    yield machine.state_sign(workspace.state)
    compiled = compile_workspace(workspace, environment)
    yield from machine.private_file_signs(_private_files(workspace, compiled))
    yield from _certificate_signs(workspace, environment, compiled)
    yield from _gateway_signs(workspace, compiled)
    yield _project_sign(compiled)


def _private_files(workspace: Workspace, compiled: Compiled) -> Iterator[Path]:
    yield workspace.project / ".env"
    yield workspace.state / "key"
    yield workspace.state / "state.db"
    for listener in compiled.installation.listeners if compiled.installation else ():
        for shown in listener.tls.shown if listener.tls else ():
            if shown.key:
                yield workspace.project / shown.key


def _gateway_signs(workspace: Workspace, compiled: Compiled) -> Iterator[Sign]:
    """A gateway that runs holds its ports itself; without one they must be free."""
    from wicketgate.cli.control import ask
    from wicketgate.cli.machine import Level, Sign, port_sign
    from wicketgate.spec.installation import split_address

    try:
        _, answer = ask(workspace, "GET", "/status")
    except MachineError:
        yield Sign("gateway", Level.OK, "none runs on this state folder")
        for listener in compiled.installation.listeners if compiled.installation else ():
            yield port_sign(*split_address(listener.address))
    else:
        ready = bool(answer.get("ready", True))
        yield Sign("gateway", Level.OK, "runs") if ready else _unready()


def _certificate_signs(workspace: Workspace, environment: str | None, compiled: Compiled) -> Iterator[Sign]:
    from wicketgate.cli.machine import Level, Sign
    from wicketgate.cli.project import certificates_in_use, signing_in_use
    from wicketgate.pki.renewal import expiry_text

    now = time.time()
    named = certificates_in_use(workspace, environment, compiled)
    for each in (*named, *signing_in_use(workspace, environment)):
        subject = f"certificate {each.name} ({each.use})"
        if not each.chain:
            yield Sign(subject, Level.BAD, each.problem, each.hint)
        elif not each.alarm(now):
            yield Sign(subject, Level.OK, expiry_text(each.first_to_end, now))
        else:
            level = Level.BAD if each.unusable(now) else Level.WARN
            yield Sign(subject, level, each.alarm(now), "put another in its place: docs/guide/mutual-tls.md")


def _unready() -> Sign:
    from wicketgate.cli.machine import Level, Sign

    return Sign("gateway", Level.BAD, "runs and is not ready", "`wicket status` says why")


def _project_sign(compiled: Compiled) -> Sign:
    from wicketgate.cli.machine import Level, Sign

    errors = sum(1 for item in compiled.diagnostics if item.is_error)
    if errors:
        return Sign("project", Level.BAD, f"{errors} errors", "run `wicket check`")
    warnings = len(compiled.diagnostics)
    if warnings:
        return Sign("project", Level.WARN, f"checks, with {warnings} warnings", "run `wicket check`")
    return Sign("project", Level.OK, "checks")
