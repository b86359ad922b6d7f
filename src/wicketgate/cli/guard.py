"""`wicket guard SERVER`: the origin's half, as configuration of the server in front of it or around it."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

_APPLICATION = "127.0.0.1:8000"
_SECRET_OPTIONS = ("header", "secret_file", "observe")
_MTLS_OPTIONS = ("san", "ca", "certificate", "key", "crl")
_TOKEN_OPTIONS = ("issuer", "audience")


def guard(
    context: typer.Context,
    server: Annotated[
        str,
        typer.Argument(
            metavar="SERVER",
            help="nginx, caddy, haproxy, envoy, apache; with --mtls also uvicorn, hypercorn, node; with --token only "
            "apache, envoy, nginx.",
        ),
    ],
    header: Annotated[str, typer.Option(metavar="NAME", help="The header that carries the secret.")] = "backend-secret",
    listen: Annotated[
        str, typer.Option(metavar="HOST:PORT", help="Where the server takes requests.")
    ] = "127.0.0.1:8080",
    upstream: Annotated[
        str | None,
        typer.Option(metavar="HOST:PORT", help="Where the application is; the default is 127.0.0.1:8000."),
    ] = None,
    secret_file: Annotated[
        str | None,
        typer.Option(metavar="PATH", help="The file with the secret; the default is the server's usual folder."),
    ] = None,
    observe: Annotated[bool, typer.Option("--observe", help="Log what would be refused, refuse nothing.")] = False,
    mtls: Annotated[
        bool, typer.Option("--mtls", help="Demand the gateway's client certificate instead of a secret.")
    ] = False,
    san: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="The gateway's name in its certificate: URI:spiffe://… or DNS:… (--mtls)."),
    ] = None,
    ca: Annotated[
        str | None, typer.Option(metavar="PATH", help="The authorities that may have signed it, in PEM (--mtls).")
    ] = None,
    certificate: Annotated[
        str | None, typer.Option(metavar="PATH", help="The server's own certificate with its chain (--mtls).")
    ] = None,
    key: Annotated[str | None, typer.Option(metavar="PATH", help="The server's own key (--mtls).")] = None,
    crl: Annotated[
        str | None,
        typer.Option(metavar="PATH", help="Revocation lists; without it revocation is not checked (--mtls)."),
    ] = None,
    token: Annotated[bool, typer.Option("--token", help="Demand the gateway's own token instead of a secret.")] = False,
    issuer: Annotated[
        str | None,
        typer.Option(metavar="URL", help="The tokens' issuer, as `wicket issuer show` has it (--token)."),
    ] = None,
    audience: Annotated[
        str | None, typer.Option(metavar="NAME", help="The audience that the gateway's policy names (--token).")
    ] = None,
) -> None:
    """Print configuration that makes a server let in the gateway and nobody else.

    No secret and no key is ever part of it: the comments in the text say where to put them.
    """
    from wicketgate.guards import GuardConfig, render
    from wicketgate.guards.mtls import MtlsConfig, render_mtls
    from wicketgate.guards.token import TokenConfig, render_token

    if token:
        _refuse(context, (*_SECRET_OPTIONS, *_MTLS_OPTIONS, "mtls"), "does not go with --token")
        if issuer is None or audience is None:
            raise typer.BadParameter("--token needs --issuer and --audience: without them any token would do")
        wanted = TokenConfig(issuer=issuer, audience=audience, listen=listen, upstream=upstream or _APPLICATION)
        typer.echo(render_token(server, wanted), nl=False)
        return
    _refuse(context, _TOKEN_OPTIONS, "needs --token")
    if mtls:
        _refuse(context, _SECRET_OPTIONS, "does not go with --mtls")
        if san is None:
            raise typer.BadParameter("--mtls needs --san: which certificate of the authority is the gateway's here")
        chosen = MtlsConfig(san=san, listen=listen, upstream=upstream, ca=ca, certificate=certificate, key=key, crl=crl)
        typer.echo(render_mtls(server, chosen), nl=False)
        return
    _refuse(context, _MTLS_OPTIONS, "needs --mtls")
    mode: Literal["observe", "enforce"] = "observe" if observe else "enforce"
    config = GuardConfig(
        header=header, listen=listen, upstream=upstream or _APPLICATION, secret_file=secret_file, mode=mode
    )
    typer.echo(render(server, config), nl=False)


def _refuse(context: typer.Context, names: tuple[str, ...], why: str) -> None:
    """A usage error for the first option that was given and has no effect here."""
    for name in names:
        source = context.get_parameter_source(name)
        if source is not None and source.name != "DEFAULT":
            raise typer.BadParameter(f"--{name.replace('_', '-')} {why}")
