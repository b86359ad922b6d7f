"""What `run` and `dev` have in common."""

from __future__ import annotations

from typing import Annotated

import typer

from wicketgate.cli.workspace import Workspace

ListenOption = Annotated[
    list[str] | None,
    typer.Option(
        "--listen",
        "-l",
        metavar="ADDR:PORT",
        help="Where callers connect; repeatable; replaces wicket.toml's listeners.",
    ),
]


def serve(workspace: Workspace, *, listen: list[str] | None, environment: str, watch: bool) -> None:
    """Run the gateway until it is stopped; raise `typer.Exit` with its code."""
    from wicketgate.supervise.gateway import run_gateway

    addresses = tuple(_valid(address) for address in listen or ())
    code = run_gateway(
        workspace.project, listen=addresses, environment=environment, watch=watch, state_dir=workspace.state
    )
    raise typer.Exit(code)


def _valid(address: str) -> str:
    from wicketgate.spec.installation import split_address

    try:
        split_address(address)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--listen") from None
    return address
