"""Open the private authority of a workspace, and write what it gives out."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from wicketgate.cli.workspace import MachineError, Workspace

if TYPE_CHECKING:
    from wicketgate.private_ca import CaState, PrivateCa

HOUR = 3600.0
_PUBLIC = 0o644
PRIVATE = 0o600


def open_private_ca(workspace: Workspace) -> PrivateCa:
    """Open the authority of the state, making the state if there is none. Raises `StoreError`, `KeyUnusableError`."""
    from wicketgate.private_ca import PrivateCa
    from wicketgate.store import open_database
    from wicketgate.variables.live import KEY_VARIABLE

    return PrivateCa(open_database(workspace.state, key=workspace.environ.get(KEY_VARIABLE)))


def require_state(workspace: Workspace) -> CaState:
    """Return how the authority stands. Raises `PrivateCaError` when there is none."""
    from wicketgate.private_ca import PrivateCaError

    state = open_private_ca(workspace).state()
    if state is None:
        raise PrivateCaError("there is no private authority yet", hint="make it: `wicket ca init`")
    return state


def write_file(path: Path, text: str, *, mode: int = _PUBLIC) -> None:
    """Write a file that has `mode` from birth and replaces an old one whole. Raises `MachineError`."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w", encoding="ascii") as file:
            file.write(text)
        draft.replace(path)
    except OSError as error:
        raise MachineError(f"cannot write {path}: {error.strerror}", hint="check the folder") from None
