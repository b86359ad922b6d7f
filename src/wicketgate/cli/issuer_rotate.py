"""`wicket issuer rotate`: another key signs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from wicketgate.cli.issuer_store import issuer_section, open_issuer
from wicketgate.cli.workspace import EnvironmentOption, ProjectOption, StateOption, open_workspace
from wicketgate.errors import WicketError

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
    force: Annotated[
        bool, typer.Option("--force", help="With --now: even if the next key has never been published.")
    ] = False,
    environment: EnvironmentOption = None,
    project: ProjectOption = None,
    state: StateOption = None,
) -> None:
    """Let the next key sign as soon as it has been published for `publish_ahead`, without a refused token.

    A running gateway publishes a key before it signs, whatever is asked for.
    """
    workspace = open_workspace(context, project, state)
    issuer = open_issuer(workspace, workspace.environment(environment))
    if not now:
        issuer.rotate()
        typer.echo(f"the next key signs once it has been published for {issuer_section(workspace).publish_ahead:g} s")
        return
    known = _published_for(issuer, force=force)
    issuer.rotate(now=True)
    typer.echo(f"the next key signs; it {known}")
    typer.echo(
        "whoever verifies with keys fetched before that refuses its tokens until they are fetched again", err=True
    )


def _published_for(issuer: IssuerKeys, *, force: bool) -> str:
    """Tell in words for how long verifiers have been able to fetch the next key. Raises `WicketError` for never."""
    from wicketgate.issuer.rotation import NEVER, Standing

    listed = issuer.keys()
    following = next((each for each in listed if each.standing is Standing.NEXT), None)
    if following is None:
        raise WicketError("there is no next key yet", hint="let the gateway run for a moment: it makes one")
    if following.since != NEVER:
        return f"has been published for {issuer.database.clock() - following.since:.0f} s"
    if not force:
        raise WicketError(
            "the next key has never been published: nobody could verify its tokens",
            hint="let the gateway run for a moment, or give --force",
        )
    return "has not been published yet"
