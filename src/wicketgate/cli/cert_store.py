"""The certificates of a workspace: what may be done to them, whichever command asks."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from wicketgate.cli.workspace import Workspace
from wicketgate.errors import WicketError

if TYPE_CHECKING:
    from wicketgate.ir.gateway import GatewayIR
    from wicketgate.pki.key_pair import KeyPair
    from wicketgate.store.certificates import CertificateStore

_NAME = re.compile(r"[A-Za-z_$][A-Za-z0-9_$.-]{0,119}")


class CertificateNameError(WicketError):
    """Not what a certificate may be called."""

    exit_code = 2


def open_certificate_store(workspace: Workspace) -> CertificateStore:
    """Open the store, making it if there is none. Raises `StoreError`, `KeyUnusableError`."""
    from wicketgate.store import open_database
    from wicketgate.store.certificates import CertificateStore
    from wicketgate.variables.live import KEY_VARIABLE

    return CertificateStore(open_database(workspace.state, key=workspace.environ.get(KEY_VARIABLE)))


def add(workspace: Workspace, name: str, pair: KeyPair, environments: tuple[str, ...]) -> str:
    """Keep a certificate and return its id. Raises `CertificateNameError`, `CertificateStoreError`.

    Names are identifiers of JavaScript in the reference, whose own example has hyphens: so those and dots will do too.
    """
    from wicketgate.variables.names import check_environment

    if not _NAME.fullmatch(name):
        hint = "letters, digits, `_`, `-` and `.`, 120 at most, the first no digit"
        raise CertificateNameError(f"`{name}` is not a name", hint=hint)
    for environment in environments:
        check_environment(environment)
    identifier = open_certificate_store(workspace).add(name, pair, environments)
    _tell_of_dates(pair)
    return identifier


def replace(workspace: Workspace, name: str, pair: KeyPair) -> None:
    """Put another pair in place of the one in use. Raises `CertificateStoreError`."""
    from wicketgate.pki.certificate import parse_certificates, utc

    store = open_certificate_store(workspace)
    before = parse_certificates(store.find(name).chain.encode(), source=name)[0]
    store.replace(name, pair)
    _tell_of_dates(pair)
    if pair.leaf.not_after < before.not_after:
        typer.echo(f"note: the one before would have lasted longer, until {utc(before.not_after)}", err=True)


def delete(workspace: Workspace, name: str) -> str:
    """Forget a certificate and return its name. Raises `WicketError` while anything refers to it."""
    store = open_certificate_store(workspace)
    entry = store.find(name)
    users = [user for environment in entry.environments for user in _users(workspace, entry.name, environment)]
    if _is_live(workspace, entry.name):
        users.append("the version that is live, or was last")
    if users:
        raise WicketError(
            f"the certificate {entry.name} is in use: {', '.join(users)}",
            hint="name another one there, and `wicket reload`",
        )
    store.delete(entry.name)
    return entry.name


def _users(workspace: Workspace, name: str, environment: str) -> Iterator[str]:
    """Yield what refers to a certificate in the project as it stands."""
    from wicketgate.cli.project import compile_workspace

    gateway = compile_workspace(workspace, environment).gateway
    if gateway is not None:
        yield from (f"{user} ({environment})" for user in _references(gateway, name))


def _references(gateway: GatewayIR, name: str) -> Iterator[str]:
    from wicketgate.ir.gateway import Forward
    from wicketgate.ir.origin import MutualTLS
    from wicketgate.ir.secrets import StoredIdentity

    identity = StoredIdentity(name)
    for listener in gateway.listeners:
        if listener.tls is not None and identity in listener.tls.certificates:
            yield f"listener {listener.host}:{listener.port}"
    for route in gateway.routes:
        link = route.action.upstream.origin.link if isinstance(route.action, Forward) else None
        if isinstance(link, MutualTLS) and link.identity == identity:
            yield f"route {route.name}"


def _is_live(workspace: Workspace, name: str) -> bool:
    from wicketgate.control.candidate import load_candidate
    from wicketgate.ir.secrets import StoredIdentity
    from wicketgate.supervise.run_directory import RunDirectory
    from wicketgate.xds.snapshot import VersionKey

    last_good: Path = RunDirectory.of(workspace.project, workspace.state).last_good
    candidate = load_candidate(last_good, VersionKey())
    return candidate is not None and StoredIdentity(name) in candidate.sources.values()


def _tell_of_dates(pair: KeyPair) -> None:
    """A certificate may be kept ahead of its time, or for a test after it: that is worth a word, not a refusal."""
    from wicketgate.pki.certificate import validity_problem

    for certificate in pair.chain:
        if problem := validity_problem(certificate, time.time()):
            typer.echo(f"warning: {certificate.subject} {problem}", err=True)
