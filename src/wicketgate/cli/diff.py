"""`wicket diff`: what would change."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from wicketgate.cli.control import ask
from wicketgate.cli.exit_codes import ExitCode
from wicketgate.cli.serving import ListenOption
from wicketgate.cli.terminal import for_people, printable
from wicketgate.cli.workspace import EnvironmentOption, ProjectOption, StateOption, Workspace, open_workspace
from wicketgate.json_types import Json, JsonObject

Resources = dict[str, Json]
"""Resources by `KIND/NAME`."""

_COLOURS = {"+": typer.colors.GREEN, "-": typer.colors.RED, "@": typer.colors.CYAN}


def diff(
    context: typer.Context,
    against: Annotated[
        Path | None,
        typer.Option("--against", metavar="DIR", help="Another project, instead of the running gateway."),
    ] = None,
    project: ProjectOption = None,
    state: StateOption = None,
    environment: EnvironmentOption = None,
    listen: ListenOption = None,
) -> None:
    """Compare the compiled project with what the running gateway serves, or with another folder.

    Prints a unified diff of the Envoy resources, without secrets. Exits 0 when they are the same, 1 when not.
    Give `--listen` as the running gateway got it, with the port that it took.
    """
    workspace = open_workspace(context, project, state)
    new = _compiled(workspace, environment, listen)
    old = _served(workspace) if against is None else _compiled(_other(workspace, against), environment, listen)
    lines = list(_unified(old, new, "served" if against is None else str(against), str(workspace.project)))
    for line in lines:
        _print(line)
    if lines:
        raise typer.Exit(ExitCode.NOT_GOOD)


def _other(workspace: Workspace, folder: Path) -> Workspace:
    return Workspace(project=folder, state=folder / ".wicket", environ=workspace.environ)


def _compiled(workspace: Workspace, environment: str | None, listen: list[str] | None) -> Resources:
    from wicketgate.cli.project import require_compiled
    from wicketgate.cli.resource_json import resources_json

    compiled = require_compiled(workspace, environment, listen=listen)
    return dict(_named(resources_json(compiled.resources))) if compiled.resources else {}


def _named(resources: JsonObject) -> Iterator[tuple[str, Json]]:
    for kind in ("listeners", "clusters", "routes"):
        for resource in resources[kind]:
            yield f"{kind}/{resource['name']}", resource
    for name, source in resources["secrets"].items():
        yield f"secrets/{name}", source


def _served(workspace: Workspace) -> Resources:
    """Read what the running gateway keeps as its last good version."""
    from wicketgate.cli.resource_json import secret_json
    from wicketgate.control.candidate import load_candidate
    from wicketgate.supervise.run_directory import RunDirectory
    from wicketgate.xds.snapshot import VersionKey

    ask(workspace, "GET", "/status")
    candidate = load_candidate(RunDirectory.of(workspace.project, workspace.state).last_good, VersionKey())
    if candidate is None:
        return {}
    collections = candidate.configuration.collections.items()
    resources = {f"{kind}/{item.name}": json.loads(item.body) for kind, each in collections for item in each.values()}
    return resources | {f"secrets/{name}": secret_json(source) for name, source in candidate.sources.items()}


def _unified(before: Resources, after: Resources, old_name: str, new_name: str) -> Iterator[str]:
    """Compare resource by resource: only those that differ are worth the work."""
    for name in sorted(before.keys() | after.keys()):
        if before.get(name) != after.get(name):
            texts = _lines(before.get(name)), _lines(after.get(name))
            yield from difflib.unified_diff(*texts, f"{old_name}/{name}", f"{new_name}/{name}", lineterm="")


def _lines(value: Json) -> list[str]:
    return json.dumps(value, indent=1, sort_keys=True).splitlines() if value else []


def _print(line: str) -> None:
    text = printable(line)
    typer.echo(typer.style(text, fg=_COLOURS.get(text[:1])) if for_people() else text)
