"""`wicket ca issue`: a client certificate for the gateway, for somebody who keeps the key, or a server certificate."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from wicketgate.cli.ca_store import HOUR, PRIVATE, open_private_ca, require_state, write_file
from wicketgate.cli.workspace import (
    EnvironmentOption,
    MachineError,
    ProjectOption,
    StateOption,
    Workspace,
    open_workspace,
)

_SERVER_HOURS = 2160.0


def issue(
    context: typer.Context,
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="What the project calls it: `mtlsCertificate`, usually the origin.")
    ],
    csr: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Sign this request (PEM, - for standard input) instead.")
    ] = None,
    server: Annotated[
        bool, typer.Option("--server", help="A server certificate for an origin, written to --out.")
    ] = False,
    dns: Annotated[list[str] | None, typer.Option(metavar="NAME", help="A DNS name of the server.")] = None,
    ip: Annotated[list[str] | None, typer.Option(metavar="ADDRESS", help="An address of the server.")] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="For --server: gets tls.crt, tls.key and ca.crt.")
    ] = None,
    hours: Annotated[float | None, typer.Option(min=0.1, metavar="HOURS", help="Its life.")] = None,
    environment: EnvironmentOption = None,
    project: ProjectOption = None,
    state: StateOption = None,
) -> None:
    """Issue a client certificate, kept in the store and renewed at two thirds of its life by the gateway that runs."""
    from wicketgate.variables.names import check_environment

    workspace = open_workspace(context, project, state)
    chosen = workspace.environment(environment)
    check_environment(chosen)
    life = None if hours is None else hours * HOUR
    if server:
        _issue_server(workspace, (*(dns or ()), *(() if ip or dns else (name,))), tuple(ip or ()), out=out, life=life)
    elif csr is not None:
        pem = open_private_ca(workspace).sign(_request(csr), name, chosen, source=str(csr), life=life)
        typer.echo(pem, nl=False)
    else:
        issued = open_private_ca(workspace).issue(name, chosen, life=life)
        typer.echo(f"{name} is issued for {chosen}: {issued.profile.uris[0]}")


def _issue_server(
    workspace: Workspace, dns: tuple[str, ...], addresses: tuple[str, ...], *, out: Path | None, life: float | None
) -> None:
    if out is None:
        raise typer.BadParameter("say where the certificate and its key are written: --out DIR")
    pair = open_private_ca(workspace).issue_server(dns, addresses, life=life or _SERVER_HOURS * HOUR)
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise MachineError(f"cannot make {out}: {error.strerror}", hint="check the folder") from None
    write_file(out / "tls.key", pair.key.reveal(), mode=PRIVATE)
    write_file(out / "tls.crt", pair.chain_pem)
    write_file(out / "ca.crt", require_state(workspace).bundle)
    typer.echo(f"wrote tls.crt, tls.key and ca.crt to {out}; the key is kept nowhere else")


def _request(path: Path) -> bytes:
    try:
        return sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()
    except OSError as error:
        raise MachineError(f"cannot read {path}: {error.strerror}", hint="check its name") from None
