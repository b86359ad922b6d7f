"""`wicket ca rotate`: another intermediate at once, or another root in steps."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated

import typer

from wicketgate.cli.ca_store import HOUR, open_private_ca, require_state
from wicketgate.cli.workspace import ProjectOption, StateOption, Workspace, open_workspace

if TYPE_CHECKING:
    from wicketgate.private_ca import CaState


def rotate(
    context: typer.Context,
    root: Annotated[bool, typer.Option("--root", help="Begin the rotation of the root.")] = False,
    settle: Annotated[
        float | None, typer.Option(min=0, metavar="HOURS", help="With --root: time until the new root signs.")
    ] = None,
    soak: Annotated[
        float | None, typer.Option(min=0, metavar="HOURS", help="With --root: time until the old root is dropped.")
    ] = None,
    status: Annotated[bool, typer.Option("--status", help="Only say where the rotation stands.")] = False,
    switch: Annotated[bool, typer.Option("--switch", help="Let the new root sign now.")] = False,
    retire: Annotated[bool, typer.Option("--retire", help="Drop the old root now.")] = False,
    rollback: Annotated[bool, typer.Option("--rollback", help="Take one step back.")] = False,
    project: ProjectOption = None,
    state: StateOption = None,
) -> None:
    """Let a new intermediate sign and issue everything anew: origins, which trust the root, notice nothing.

    With `--root` a new root is made and published beside the old one. Origins take the new `wicket ca bundle`; after
    the settle time it signs, and after the soak time the old one goes. A running gateway takes the steps.
    """
    if sum((root, status, switch, retire, rollback)) > 1:
        raise typer.BadParameter("give one of --root, --status, --switch, --retire and --rollback")
    if not root and (settle is not None or soak is not None):
        raise typer.BadParameter("--settle and --soak belong to --root")
    workspace = open_workspace(context, project, state)
    if not status:
        steps = {"switch": switch, "retire": retire, "rollback": rollback}
        chosen = next((name for name, asked in steps.items() if asked), "root" if root else "intermediate")
        _act(workspace, chosen, settle=settle, soak=soak)
    typer.echo(_in_words(require_state(workspace)))


def _act(workspace: Workspace, step: str, *, settle: float | None, soak: float | None) -> None:
    ca = open_private_ca(workspace)
    match step:
        case "switch":
            ca.switch_root()
        case "retire":
            ca.retire_root()
        case "rollback":
            ca.roll_back_root()
        case "root":
            ca.stage_root(settle=None if settle is None else settle * HOUR, soak=None if soak is None else soak * HOUR)
        case _:
            ca.rotate_intermediate()


def _in_words(state: CaState) -> str:
    from wicketgate.store.authorities import Standing

    staged, old = state.roots(Standing.NEXT), state.roots(Standing.PREVIOUS)
    if not staged and not old:
        return f"one root; {state.intermediate.authority.certificate.subject} signs"
    if state.settings.held:
        return "root: held until --switch or --rollback"
    if staged:
        return f"root: staged; it signs in {_left(staged[0].since + state.settings.settle)}"
    return f"root: switched; the old one is dropped in {_left(state.root_retires_at(old[0]))}"


def _left(at: float) -> str:
    return f"{max(0.0, at - time.time()) / HOUR:.1f} hours, by the gateway that runs"
