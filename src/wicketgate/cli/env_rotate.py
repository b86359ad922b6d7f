"""`wicket env rotate NAME`: replace a secret without a refused request."""

from __future__ import annotations

import time
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wicketgate.cli.store_access import check_names, open_workspace_store, read_value
from wicketgate.cli.workspace import EnvironmentOption, ProjectOption, StateOption, Workspace, open_workspace

if TYPE_CHECKING:
    from wicketgate.store import Rotation, Store


class Step(StrEnum):
    """What may be asked of a rotation under way."""

    STATUS = "status"
    SWITCH = "switch"
    RETIRE = "retire"
    ROLLBACK = "rollback"


def rotate(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The secret; it must be in the store.")],
    guard_file: Annotated[
        Path | None, typer.Option(metavar="PATH", help="File that the guard reads; kept up to date with each step.")
    ] = None,
    stdin: Annotated[bool, typer.Option("--stdin", help="Take the next value from standard input.")] = False,
    reveal: Annotated[bool, typer.Option("--print", help="Print the next value, once, for the guard.")] = False,
    settle: Annotated[float, typer.Option(min=0, metavar="SECONDS", help="Time until the gateway switches.")] = 30,
    soak: Annotated[float, typer.Option(min=0, metavar="SECONDS", help="Time until the old value is retired.")] = 600,
    status: Annotated[bool, typer.Option("--status", help="Only say where the rotation stands.")] = False,
    switch: Annotated[bool, typer.Option("--switch", help="Send the next value now.")] = False,
    retire: Annotated[bool, typer.Option("--retire", help="Drop the old value now.")] = False,
    rollback: Annotated[bool, typer.Option("--rollback", help="Take one step back.")] = False,
    environment: EnvironmentOption = None,
    project: ProjectOption = None,
    state: StateOption = None,
) -> None:
    """Make the next value, let guards learn it, switch the gateway to it, retire the old one.

    A running gateway takes the steps when they are due. The guard must learn the next value before the switch: by
    `--guard-file` on the same host, by `--print`, or because you brought it yourself with `--stdin`.
    """
    workspace = open_workspace(context, project, state)
    at = Place(workspace, name, workspace.environment(environment))
    check_names(name, (at.environment,))
    steps = [step for step, asked in zip(Step, (status, switch, retire, rollback), strict=True) if asked]
    if len(steps) > 1:
        raise typer.BadParameter("give one of --status, --switch, --retire and --rollback")
    if steps:
        _take(at, steps[0])
    else:
        _begin(at, Start(guard_file, stdin, reveal, settle, soak))
    _print_status(at, err=reveal)


@dataclass(frozen=True, slots=True)
class Place:
    """The secret of one environment of a project."""

    workspace: Workspace
    name: str
    environment: str

    def store(self) -> Store:
        return open_workspace_store(self.workspace)


@dataclass(frozen=True, slots=True)
class Start:
    """How a rotation begins: how the guard learns the next value, and when the steps are due (seconds)."""

    guard_file: Path | None
    stdin: bool
    reveal: bool
    settle: float
    soak: float


def _begin(at: Place, start: Start) -> None:
    """Stage the next value. Raises `RotationError`, and a usage error when no guard would learn it."""
    if not (start.guard_file or start.stdin or start.reveal):
        raise typer.BadParameter("say how the guard learns the next value: --guard-file, --print or --stdin")
    following = at.store().stage(
        at.name,
        at.environment,
        value=read_value(at.name) if start.stdin else None,
        settle=start.settle,
        soak=start.soak,
        guard_file=str(start.guard_file.absolute()) if start.guard_file else None,
    )
    if start.reveal:
        typer.echo(following.reveal())


def _take(at: Place, step: Step) -> None:
    store = at.store()
    match step:
        case Step.STATUS:
            return
        case Step.SWITCH:
            store.switch(at.name, at.environment)
        case Step.RETIRE:
            store.retire(at.name, at.environment)
        case Step.ROLLBACK:
            store.roll_back(at.name, at.environment)


def _print_status(at: Place, *, err: bool) -> None:
    """Say where the rotation stands; beside a printed value on standard error."""
    under_way = at.store().rotations()
    found = [each for each in under_way if (each.name, each.environment) == (at.name, at.environment)]
    words = _in_words(found[0]) if found else "not being rotated"
    typer.echo(f"{at.name} in {at.environment}: {words}", err=err)


def _in_words(rotation: Rotation) -> str:
    following = "the gateway sends the next value" if rotation.phase == "staged" else "the old value is retired"
    if rotation.due_at is None:
        return f"{rotation.phase}, held until --switch or --rollback"
    seconds = max(0, round(rotation.due_at - time.time()))
    return f"{rotation.phase}; {following} in {seconds} s, by the gateway that runs"
