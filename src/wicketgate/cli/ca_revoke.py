"""`wicket ca revoke`: take a certificate back."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from wicketgate.cli.ca_store import open_private_ca
from wicketgate.cli.workspace import ProjectOption, StateOption, open_workspace

WhyRevoked = Literal[
    "unspecified", "keyCompromise", "affiliationChanged", "superseded", "cessationOfOperation", "privilegeWithdrawn"
]


def revoke(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME|SERIAL", help="A name, or one serial of `wicket ca show`.")],
    reason: Annotated[WhyRevoked, typer.Option(help="Stands in the revocation list.")] = "unspecified",
    withdraw: Annotated[
        bool, typer.Option("--withdraw", help="Issue no other in its place: no environment may use it any more.")
    ] = False,
    project: ProjectOption = None,
    state: StateOption = None,
) -> None:
    """Revoke what was issued under a name, and issue another at once unless it is withdrawn.

    Origins refuse it once they have the new revocation list, which the gateway publishes on its private listener
    (`/ca/crl.pem`) and `wicket ca bundle --crl` prints.
    """
    from wicketgate.pki.revocation import Reason

    ca = open_private_ca(open_workspace(context, project, state))
    for serial in ca.revoke(name, reason=Reason(reason), withdraw=withdraw):
        typer.echo(f"revoked {serial}")
    typer.echo("now bring the revocation list to the origins: `wicket ca bundle --crl`", err=True)
