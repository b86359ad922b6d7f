"""`wicket routes`: every route, in the order in which they are tried."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from wicketgate.cli.terminal import TableFormat, print_json, print_table
from wicketgate.cli.workspace import EnvironmentOption, ProjectOption, StateOption, open_workspace
from wicketgate.json_types import JsonObject

if TYPE_CHECKING:
    from wicketgate.ir.gateway import Route


def routes(
    context: typer.Context,
    project: ProjectOption = None,
    state: StateOption = None,
    environment: EnvironmentOption = None,
    form: Annotated[TableFormat, typer.Option("--format", help="How it is printed.")] = TableFormat.TEXT,
) -> None:
    """List the routes: method, path, what answers, how the origin knows us, policies, name."""
    from wicketgate.cli.project import require_gateway

    facts = [_facts(route) for route in require_gateway(open_workspace(context, project, state), environment).routes]
    if form is TableFormat.JSON:
        print_json(facts)
        return
    columns = ("method", "path", "answer", "posture", "inbound", "outbound", "name")
    print_table(columns, ([_cell(fact[column]) for column in columns] for fact in facts))


def _facts(route: Route) -> JsonObject:
    from wicketgate.cli.route_facts import action_words, posture

    return {
        "method": route.method,
        "path": route.pattern.text,
        "answer": action_words(route.action),
        "posture": posture(route),
        "inbound": list(route.inbound_policies),
        "outbound": list(route.outbound_policies),
        "name": route.name,
        "file": route.file,
    }


def _cell(value: str | list[str]) -> str:
    return value if isinstance(value, str) else " ".join(value)
