"""`wicket ca init`: make the private authority."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from wicketgate.cli.ca_store import HOUR, open_private_ca
from wicketgate.cli.workspace import ProjectOption, StateOption, open_workspace

Algorithm = Literal["ec-p256", "rsa-2048", "rsa-3072", "ed25519"]


def init(
    context: typer.Context,
    trust_domain: Annotated[
        str | None,
        typer.Option(
            metavar="DOMAIN", help="Ends every name that it gives; by default one that no other installation has."
        ),
    ] = None,
    algorithm: Annotated[Algorithm, typer.Option(help="Of its keys and of those that it issues.")] = "ec-p256",
    hours: Annotated[float, typer.Option(min=0.1, metavar="HOURS", help="Life of a client certificate.")] = 24,
    settle: Annotated[
        float, typer.Option(min=0, metavar="HOURS", help="How long origins get to learn a new root.")
    ] = 24,
    soak: Annotated[float, typer.Option(min=0, metavar="HOURS", help="How long an old root stays trusted.")] = 168,
    project: ProjectOption = None,
    state: StateOption = None,
) -> None:
    """Make a root and an intermediate, sealed in the store. `wicket ca bundle` prints what origins have to trust."""
    from wicketgate.pki.private_key import KeyAlgorithm

    ca = open_private_ca(open_workspace(context, project, state))
    made = ca.init(
        trust_domain=trust_domain,
        algorithm=KeyAlgorithm(algorithm),
        life=hours * HOUR,
        settle=settle * HOUR,
        soak=soak * HOUR,
    )
    typer.echo(f"made the private authority {made.settings.trust_domain}")
    typer.echo("next: `wicket ca issue NAME`, and give `wicket ca bundle` to the origin", err=True)
