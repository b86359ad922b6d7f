"""`wicket issuer rotate`: another key signs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from wicketgate.cli.issuer_store import issuer_section, open_issuer
from wicketgate.cli.workspace import EnvironmentOption, ProjectOption, StateOption, open_workspace

if TYPE_CHECKING:
    from wicketgate.store.issuer_keys import IssuerKeys


def rotate(
    context: typer.Context,
    now: Annotated[
        bool,
        typer.Option(
            "--now", help="At once: verifiers that have not fetched the keys since the next one was published refuse."
        ),
    ] = False,
    environment: EnvironmentOption = None,
    project: ProjectOption = None,
    state: StateOption = None,
) -> None:
    """Let the next key sign as soon as it has been published for `publish_ahead`, without a refused token."""
    workspace = open_workspace(context, project, state)
    issuer = open_issuer(workspace, workspace.environment(environment))
    known = _published_for(issuer)
    issuer.rotate(now=now)
    ahead = issuer_section(workspace).publish_ahead
    if not now:
        typer.echo(f"the next key signs once it has been published for {ahead:g} s")
        return
    typer.echo(f"the next key signs; it {known}")
    typer.echo(
        "whoever verifies with keys fetched before that refuses its tokens until they are fetched again", err=True
    )


def _published_for(issuer: IssuerKeys) -> str:
    """Tell in words for how long verifiers have been able to fetch the next key."""
    from wicketgate.issuer.rotation import NEVER, Standing

    listed = issuer.keys()
    since = next((each.since for each in listed if each.standing is Standing.NEXT), NEVER)
    if since == NEVER:
        return "has not been published yet"
    return f"has been published for {issuer.database.clock() - since:.0f} s"
