"""`wicket ca-certificate create|update|delete`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wicketgate.cli.ca_certificate_store import (
    certificates_of,
    chain_text,
    check_name,
    open_authorities,
    read_authorities,
    read_revocations,
)
from wicketgate.cli.workspace import ProjectOption, StateOption, Workspace, open_workspace
from wicketgate.errors import WicketError

if TYPE_CHECKING:
    from wicketgate.pki.certificate import Certificate
    from wicketgate.store.ca_certificates import AuthorityEntry, AuthorityStore

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="Its name, or its id (`mtlsca_…`).")]
_CERT_HELP = "PEM file; name what issues the certificates itself, an intermediate for example."
CrlOption = Annotated[Path | None, typer.Option("--crl", metavar="FILE", help="PEM file with its revocation list.")]


class For(StrEnum):
    """Whose certificates a CA certificate vouches for."""

    CLIENTS = "clients"
    ORIGINS = "origins"


def create(
    context: typer.Context,
    name: Annotated[str, typer.Option("--name", metavar="NAME", help="What it is called here.")],
    cert: Annotated[Path, typer.Option("--cert", metavar="FILE", help=_CERT_HELP)],
    purpose: Annotated[For, typer.Option("--for", help="Whose certificates it vouches for.")] = For.CLIENTS,
    crl: CrlOption = None,
    project: ProjectOption = None,
    state: StateOption = None,
) -> None:
    """Believe a certificate authority. One for clients holds for every listener with TLS, at once."""
    from wicketgate.store.ca_certificates import Purpose

    check_name(name)
    authorities = read_authorities(cert)
    lists = read_revocations(crl, authorities) if crl else ""
    store = open_authorities(open_workspace(context, project, state))
    identifier = store.add(name, chain_text(authorities), Purpose(purpose.value), revoked=lists)
    typer.echo(f"{name} vouches for {purpose.value} ({identifier})")
    _tell_of_missing_lists(store)


def update(
    context: typer.Context,
    name: NameArgument,
    cert: Annotated[Path | None, typer.Option("--cert", metavar="FILE", help=_CERT_HELP)] = None,
    crl: CrlOption = None,
    no_crl: Annotated[bool, typer.Option("--no-crl", help="Drop the revocation list.")] = False,
    project: ProjectOption = None,
    state: StateOption = None,
) -> None:
    """Put other certificates or another revocation list in place, at once. What is open stays open for an hour."""
    if (cert is None and crl is None and not no_crl) or (crl is not None and no_crl):
        raise typer.BadParameter("give --cert, and --crl or --no-crl")
    store = open_authorities(open_workspace(context, project, state))
    entry = store.find(name)
    authorities = read_authorities(cert) if cert else certificates_of(entry)
    lists = _lists(entry, authorities, crl=crl, no_crl=no_crl)
    store.update(name, chain=chain_text(authorities), revoked=lists)
    typer.echo(f"{entry.name} is updated")
    _tell_of_missing_lists(store)


def delete(
    context: typer.Context, name: NameArgument, project: ProjectOption = None, state: StateOption = None
) -> None:
    """Believe it no more, at once. Refused while an origin of the project is verified by it."""
    workspace = open_workspace(context, project, state)
    store = open_authorities(workspace)
    entry = store.find(name)
    _check_unused(workspace, entry)
    store.delete(name)
    typer.echo(f"{entry.name} is deleted")


def _lists(entry: AuthorityEntry, authorities: tuple[Certificate, ...], *, crl: Path | None, no_crl: bool) -> str:
    """Return the lists that stand beside `authorities` from now on. Raises `BadCertificateError`."""
    from wicketgate.pki.revocation_file import parse_revocations

    if crl is not None:
        return read_revocations(crl, authorities)
    if no_crl or not entry.revoked:
        return ""
    return parse_revocations(entry.revoked.encode(), authorities, source=f"the revocation list of {entry.name}")


def _check_unused(workspace: Workspace, entry: AuthorityEntry) -> None:
    from wicketgate.cli.project import compile_workspace
    from wicketgate.ir.secrets import StoredAuthority

    compiled = compile_workspace(workspace, None)
    if compiled.resources and StoredAuthority(entry.name) in compiled.resources.secrets.values():
        raise WicketError(
            f"the CA certificate {entry.name} verifies an origin of the project",
            hint="name another one in `tls.ca` of config/origins.json first",
        )


def _tell_of_missing_lists(store: AuthorityStore) -> None:
    """Envoy asks for everybody's list once there is one: whoever has none vouches for nobody."""
    from wicketgate.store.ca_certificates import Purpose

    clients = [entry for entry in store.entries() if entry.purpose is Purpose.CLIENTS]
    without = [entry.name for entry in clients if not entry.revoked]
    if without and len(without) < len(clients):
        typer.echo(
            f"warning: other CA certificates for clients have a revocation list, and {', '.join(without)} has none:"
            " nobody with a certificate of it is let in until it has one",
            err=True,
        )
