"""The file from which a guard on the same host reads what it accepts: one value a line, the sent one first."""

from __future__ import annotations

import os
from pathlib import Path

from wicketgate.errors import WicketError
from wicketgate.secret_value import SecretValue


class GuardFileError(WicketError):
    """The file cannot be written; the rotation stays where it is."""

    exit_code = 3


def write_guard_file(path: str, values: list[SecretValue]) -> None:
    """Replace the file in one step, mode 0600 from birth. Raises `GuardFileError`."""
    target = Path(path)
    partial = target.with_name(f".{target.name}.{os.getpid()}.new")
    try:
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            if target.exists():
                owner = target.stat()
                os.fchown(file.fileno(), owner.st_uid, owner.st_gid)
            file.writelines(f"{value.reveal()}\n" for value in values)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(target)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise GuardFileError(
            f"cannot write the guard's file {target}: {error.strerror}", hint="check the folder and its permissions"
        ) from error
