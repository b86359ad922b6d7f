"""The certificates of a workspace: what may be done to them, whichever command asks."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

import typer

from wicketgate.cli.cert_users import require_unused
from wicketgate.cli.workspace import Workspace
from wicketgate.errors import WicketError
from wicketgate.spec.certificates import PRIVATE

if TYPE_CHECKING:
    from wicketgate.pki.key_pair import KeyPair
    from wicketgate.store.certificates import CertificateEntry, CertificateStore

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


def stored(workspace: Workspace) -> list[CertificateEntry]:
    """Return all certificates of the store, which is not made by looking. Raises `StoreError`, `KeyUnusableError`."""
    if not (workspace.state / "state.db").exists():
        return []
    return open_certificate_store(workspace).entries()


def add(workspace: Workspace, name: str, pair: KeyPair, environments: tuple[str, ...]) -> str:
    """Keep a certificate and return its id. Raises `CertificateNameError`, `CertificateStoreError`.

    Names are identifiers of JavaScript in the reference, whose own example has hyphens: so those and dots will do too.
    """
    from wicketgate.variables.names import check_environment

    if not _NAME.fullmatch(name) or name == PRIVATE:
        hint = "letters, digits, `_`, `-` and `.`, 120 at most, the first no digit; not `private`"
        raise CertificateNameError(f"`{name}` is not a name for a certificate", hint=hint)
    for environment in environments:
        check_environment(environment)
    identifier = open_certificate_store(workspace).add(name, pair, environments)
    _tell_of_dates(pair)
    return identifier


def replace(workspace: Workspace, name: str, pair: KeyPair) -> None:
    """Put another pair in place of the one in use. Raises `CertificateStoreError`."""
    from wicketgate.pki.certificate import parse_certificates, utc
    from wicketgate.store.certificates import CertificateSource

    store = open_certificate_store(workspace)
    entry = store.find(name)
    before = parse_certificates(entry.chain.encode(), source=entry.name)[0]
    store.replace(name, pair)
    if entry.source is CertificateSource.PRIVATE_AUTHORITY:
        typer.echo("note: the private authority renews it no more; from now on that is up to you", err=True)
    _tell_of_dates(pair)
    if pair.leaf.not_after < before.not_after:
        typer.echo(f"note: the one before would have lasted longer, until {utc(before.not_after)}", err=True)


def delete(workspace: Workspace, name: str) -> str:
    """Forget a certificate and return its name. Raises `WicketError` while anything refers to it."""
    store = open_certificate_store(workspace)
    entry = store.find(name)
    require_unused(workspace, entry.name, entry.environments)
    store.delete(entry.name)
    return entry.name


def _tell_of_dates(pair: KeyPair) -> None:
    """A certificate may be kept ahead of its time, or for a test after it: that is worth a word, not a refusal."""
    from wicketgate.pki.certificate import validity_problem

    for certificate in pair.chain:
        if problem := validity_problem(certificate, time.time()):
            typer.echo(f"warning: {certificate.subject} {problem}", err=True)
