"""The key that seals secrets: a file of mode 0600 from birth, or 32 bytes in base64 from the environment."""

from __future__ import annotations

import base64
import binascii
import os
import secrets
import stat
from pathlib import Path

from wicketgate.errors import WicketError

KEY_BYTES = 32


class KeyUnusableError(WicketError):
    """The key cannot be used as it stands; nothing has been changed."""

    exit_code = 3


def read_key(path: Path, given: str | None) -> bytes:
    """Return the key that was `given` (base64), else that of the file, which is made if there is none."""
    if given:
        return _decode(given, source="the environment variable WICKET_KEY")
    try:
        return _create(path)
    except FileExistsError:
        return _read(path)


def _create(path: Path) -> bytes:
    key = secrets.token_bytes(KEY_BYTES)
    partial = path.with_name(f"{path.name}.{os.getpid()}.new")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(base64.b64encode(key) + b"\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        # A link appears whole and never replaces a key that another process has made in the meantime.
        os.link(partial, path)
    finally:
        partial.unlink()
    return key


def _read(path: Path) -> bytes:
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        raise KeyUnusableError(f"others can read the key {path} (mode {mode:04o})", hint=f"chmod 600 {path}")
    return _decode(path.read_text(encoding="ascii", errors="replace"), source=str(path))


def _decode(text: str, *, source: str) -> bytes:
    try:
        key = base64.b64decode(text.strip(), validate=True)
    except binascii.Error:
        key = b""
    if len(key) != KEY_BYTES:
        raise KeyUnusableError(
            f"{source} does not hold a key: {KEY_BYTES} bytes in base64",
            hint="restore it from your backup; without it the sealed values cannot be opened",
        )
    return key
