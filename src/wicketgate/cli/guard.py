"""`wicket guard SERVER`: the origin's half, as configuration of a server in front of it."""

from __future__ import annotations

from typing import Annotated, Literal

import typer


def guard(
    server: Annotated[str, typer.Argument(metavar="SERVER", help="nginx, caddy, haproxy, envoy or apache.")],
    header: Annotated[str, typer.Option(metavar="NAME", help="The header that carries the secret.")] = "backend-secret",
    listen: Annotated[
        str, typer.Option(metavar="HOST:PORT", help="Where the server takes requests.")
    ] = "127.0.0.1:8080",
    upstream: Annotated[str, typer.Option(metavar="HOST:PORT", help="Where the application is.")] = "127.0.0.1:8000",
    secret_file: Annotated[
        str | None,
        typer.Option(metavar="PATH", help="The file with the secret; the default is the server's usual folder."),
    ] = None,
    observe: Annotated[bool, typer.Option("--observe", help="Log what would be refused, refuse nothing.")] = False,
) -> None:
    """Print configuration that makes a server let in the gateway and nobody else.

    The secret is never part of it: the comments in the text say where to put it.
    """
    from wicketgate.guards import GuardConfig, render

    mode: Literal["observe", "enforce"] = "observe" if observe else "enforce"
    config = GuardConfig(header=header, listen=listen, upstream=upstream, secret_file=secret_file, mode=mode)
    typer.echo(render(server, config), nl=False)
