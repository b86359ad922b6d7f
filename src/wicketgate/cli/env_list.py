"""`wicket env list`: which variables there are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import typer

from wicketgate.cli.store_access import open_workspace_store
from wicketgate.cli.terminal import TableFormat, print_json, print_table
from wicketgate.cli.workspace import ProjectOption, StateOption, Workspace, open_workspace

_COLUMNS = ("name", "environment", "secrecy", "value", "source")


def list_(
    context: typer.Context,
    project: ProjectOption = None,
    state: StateOption = None,
    form: Annotated[TableFormat, typer.Option("--format", help="How it is printed.")] = TableFormat.TEXT,
) -> None:
    """List the variables of the store and of `.env`. Values are shown of plain ones only.

    The store wins over the environment of the process, which wins over `.env`.
    """
    rows = list(_rows(open_workspace(context, project, state)))
    if form is TableFormat.JSON:
        print_json([dict(zip(_COLUMNS, row, strict=True)) for row in rows])
    else:
        print_table(_COLUMNS, rows)


def _rows(workspace: Workspace) -> Iterator[tuple[str, ...]]:
    from wicketgate.variables.dotenv_file import read_dotenv

    if (workspace.state / "state.db").exists():
        for entry in open_workspace_store(workspace).entries():
            yield entry.name, entry.environment, entry.secrecy.value, entry.value or "", "store"
    for name in sorted(read_dotenv(workspace.project / ".env")):
        yield name, "all", "unmarked", "", ".env"
