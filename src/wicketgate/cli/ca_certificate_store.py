"""Open the CA certificates of a workspace, and read those that a user hands in."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from wicketgate.cli.workspace import MachineError, Workspace
from wicketgate.errors import WicketError

if TYPE_CHECKING:
    from wicketgate.pki.certificate import Certificate
    from wicketgate.store.ca_certificates import AuthorityEntry, AuthorityStore

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,119}")
_TAKEN = ("system", "private")
_MOST_BYTES = 16 * 1024 * 1024


def open_authorities(workspace: Workspace) -> AuthorityStore:
    """Open the store, making it if there is none. Raises `StoreError`, `KeyUnusableError`."""
    from wicketgate.store import open_database
    from wicketgate.store.ca_certificates import AuthorityStore
    from wicketgate.variables.live import KEY_VARIABLE

    return AuthorityStore(open_database(workspace.state, key=workspace.environ.get(KEY_VARIABLE)))


def check_name(name: str) -> None:
    """Raise `WicketError` unless a CA certificate may be called so; a project would read some names differently."""
    if not _NAME.fullmatch(name) or name in _TAKEN or name.endswith((".pem", ".crt")):
        raise WicketError(
            f"a CA certificate cannot be called `{name}`",
            hint="use letters, digits, `_`, `-` and `.`; not `system`, `private`, or the name of a file",
        )


def read_authorities(path: Path) -> tuple[Certificate, ...]:
    """Read CA certificates (PEM). Raises `MachineError`, `BadCertificateError`."""
    from wicketgate.pki.certificate import parse_authorities

    return parse_authorities(_content(path), source=str(path))


def read_revocations(path: Path, authorities: tuple[Certificate, ...]) -> str:
    """Read the revocation lists (PEM) of these authorities. Raises `MachineError`, `BadCertificateError`."""
    from wicketgate.pki.revocation_file import parse_revocations

    return parse_revocations(_content(path), authorities, source=str(path))


def certificates_of(entry: AuthorityEntry) -> tuple[Certificate, ...]:
    """Return what an entry holds."""
    from wicketgate.pki.certificate import parse_authorities

    return parse_authorities(entry.chain.encode(), source=entry.name)


def chain_text(authorities: tuple[Certificate, ...]) -> str:
    return "".join(each.pem for each in authorities)


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_MOST_BYTES)
    except OSError as error:
        raise MachineError(f"cannot read {path}: {error.strerror}", hint="check its name") from None
