"""`wicket issuer show`: what verifiers have to be told."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated

import typer

from wicketgate.cli.issuer_store import identity_of, open_issuer
from wicketgate.cli.terminal import TableFormat, print_json, print_table
from wicketgate.cli.workspace import EnvironmentOption, ProjectOption, StateOption, open_workspace

if TYPE_CHECKING:
    from wicketgate.issuer.rotation import KeyInService


def show(
    context: typer.Context,
    origin: Annotated[
        str, typer.Option("--origin", metavar="HOST[:PORT]", help="Tell the subject towards this origin.")
    ] = "",
    environment: EnvironmentOption = None,
    project: ProjectOption = None,
    state: StateOption = None,
    form: Annotated[TableFormat, typer.Option("--format", help="How it is printed.")] = TableFormat.TEXT,
) -> None:
    """Show the issuer, the keys that it publishes, and the subject of its tokens. Private keys are never shown."""
    workspace = open_workspace(context, project, state)
    name = workspace.environment(environment)
    identity, keys = identity_of(workspace, name), open_issuer(workspace, name).keys()
    subject = identity.subject(origin) if origin else f"wicket:{identity.installation}:ORIGIN"
    facts = {
        "issuer": identity.url,
        "installation": identity.installation,
        "environment": identity.environment,
        "subject": subject,
    }
    listed = [_message(each) for each in keys]
    if form is TableFormat.JSON:
        print_json({**facts, "keys": listed})
        return
    print_table(("", ""), facts.items())
    print_table(("key", "algorithm", "standing", "since"), ([*each.values()] for each in listed))


def _message(each: KeyInService) -> dict[str, str]:
    from wicketgate.issuer.rotation import NEVER

    published = each.since != NEVER
    since = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(each.since)) if published else "not published yet"
    return {
        "kid": each.key.kid,
        "algorithm": each.key.algorithm.value,
        "standing": each.standing.value,
        "since": since,
    }
