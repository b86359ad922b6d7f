"""`wicket explain METHOD URL`: what one request would meet."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

import typer

from wicketgate.cli.exit_codes import ExitCode
from wicketgate.cli.terminal import TableFormat, print_json, printable
from wicketgate.cli.workspace import EnvironmentOption, ProjectOption, StateOption, open_workspace
from wicketgate.json_types import JsonObject

if TYPE_CHECKING:
    from wicketgate.cli.matching import Match
    from wicketgate.ir.gateway import GatewayIR


def explain(
    context: typer.Context,
    method: Annotated[str, typer.Argument(metavar="METHOD", help="Such as GET.")],
    url: Annotated[str, typer.Argument(metavar="URL", help="A path, or a whole URL.")],
    project: ProjectOption = None,
    state: StateOption = None,
    environment: EnvironmentOption = None,
    form: Annotated[TableFormat, typer.Option("--format", help="How it is printed.")] = TableFormat.TEXT,
) -> None:
    """Say which route would answer a request, its steps in order, its origin and proofs. Sends nothing.

    No value of a secret is shown. Exits 1 when no route matches.
    """
    from wicketgate.cli.project import require_gateway

    gateway = require_gateway(open_workspace(context, project, state), environment)
    answer = _answer(gateway, method=method.upper(), path=_path_of(url))
    if form is TableFormat.JSON:
        print_json(answer)
    else:
        _print(answer)
    if "route" not in answer:
        raise typer.Exit(ExitCode.NOT_GOOD)


def _path_of(url: str) -> str:
    if url.startswith("/"):
        return re.split(r"[?#]", url, maxsplit=1)[0]
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise typer.BadParameter(f"this is not a URL: {error}", param_hint="URL") from None
    if not parts.netloc:
        raise typer.BadParameter("write a path that starts with a slash, or a whole URL", param_hint="URL")
    return parts.path or "/"


def _answer(gateway: GatewayIR, *, method: str, path: str) -> JsonObject:
    from wicketgate.cli.matching import RefusedPathError, first_match

    try:
        match = first_match(gateway.routes, method=method, path=path)
    except RefusedPathError as error:
        return {"refused": str(error)}
    return _facts(match) if match else {"refused": "no route matches: 404"}


def _facts(match: Match) -> JsonObject:
    from wicketgate.cli.route_facts import action_words, link_words, proof_words, proofs_of, step_words
    from wicketgate.ir.gateway import Forward

    route = match.route
    facts: JsonObject = {
        "route": f"{route.method} {route.pattern.text}",
        "params": [f"{name}={value}" for name, value in match.params.items()],
        "name": route.name,
        "file": route.file,
        "cors": ", ".join(route.cors.allowed_origins) if route.cors else "none",
        "inbound policies": list(route.inbound_policies),
        "request steps": [step_words(step) for step in route.inbound],
        "answer": action_words(route.action),
    }
    if isinstance(route.action, Forward):
        facts["link"] = link_words(route.action.upstream.origin.link)
        facts["proofs"] = [proof_words(proof) for proof in proofs_of(route)] or ["none: anyone may call this origin"]
    facts["outbound policies"] = list(route.outbound_policies)
    facts["response steps"] = [step_words(step) for step in route.outbound]
    return facts


def _print(facts: JsonObject) -> None:
    for name, value in facts.items():
        lines = value if isinstance(value, list) else [value]
        for number, line in enumerate(lines):
            typer.echo(f"{name if number == 0 else '':<18}{printable(line)}")
