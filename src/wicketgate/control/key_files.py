"""Keys that Envoy signs with, in files of memory: its signer takes them from nowhere else that can change.

Source: https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/aws_request_signing_filter
"""

from __future__ import annotations

import json
import os
from collections.abc import Collection
from pathlib import Path

from wicketgate.envoy.signature import keys_file
from wicketgate.errors import WicketError
from wicketgate.ir.credentials.base import CredentialUse
from wicketgate.secret_value import SecretValue
from wicketgate.supervise.run_directory import RunDirectory, write_private

_MEMORY = Path("/dev/shm")  # noqa: S108 - a private directory is made in it
_FIELDS = {
    "AccessKeyId": "aws_access_key_id",
    "SecretAccessKey": "aws_secret_access_key",
    "SessionToken": "aws_session_token",
}


class NoMemoryError(WicketError):
    """There is no place for keys that is memory alone."""


_NO_KEYS = b"[default]\n"
"""Envoy never looks again for a file that was missing or empty at first; and one that goes leaves it the old keys."""


class KeyFiles:
    """Envoy watches each place for a file that is moved in. The supervisor removes them all at the end."""

    def __init__(self, run: RunDirectory, *, memory: Path = _MEMORY) -> None:
        self._run = run
        self._memory = memory
        self._held: dict[CredentialUse, SecretValue | None] = {}
        self._swept = False

    def holds(self, use: CredentialUse) -> bool:
        """Tell whether Envoy finds keys."""
        return self._held.get(use) is not None

    def make_place(self, use: CredentialUse) -> None:
        """See to it that Envoy can watch the place. Raises `NoMemoryError`."""
        self._make_root()
        path = self._path(use)
        path.parent.mkdir(mode=0o700, exist_ok=True)
        if not path.exists():
            write_private(path, _NO_KEYS)

    def write(self, use: CredentialUse, value: SecretValue | None) -> None:
        """Put the keys where Envoy reads them; without value it forgets those that it has."""
        if use in self._held and self._held[use] == value:
            return
        self.make_place(use)
        write_private(self._path(use), _profile(value) if value else _NO_KEYS)
        self._held[use] = value

    def keep_only(self, uses: Collection[CredentialUse]) -> None:
        """Remove the files of all others, also of a control plane before this one. What Envoy still does for a version
        that ends, it does with the keys that it has read."""
        if not self._swept:
            self._swept = True
            self._sweep({self._path(use).parent.name for use in uses})
        for use in self._held.keys() - set(uses):
            del self._held[use]
            self._path(use).unlink(missing_ok=True)

    def _sweep(self, kept: Collection[str]) -> None:
        for place in self._run.keys.glob("*"):
            for file in place.iterdir() if place.name not in kept else ():
                file.unlink(missing_ok=True)

    def _path(self, use: CredentialUse) -> Path:
        return self._run.path / keys_file(use)

    def _make_root(self) -> None:
        link = self._run.keys
        if link.is_symlink() and link.resolve().is_dir():
            return
        link.unlink(missing_ok=True)
        if not self._memory.is_dir() or not _is_memory(self._memory):
            raise NoMemoryError(
                f"{self._memory} is no memory file system, and keys that sign are not written to a disk",
                hint=f"mount a tmpfs on {self._memory}: containers have one unless it was taken away",
            )
        root = self._memory / f"wicketgate-{os.geteuid()}-{os.urandom(8).hex()}"
        root.mkdir(mode=0o700)
        link.symlink_to(root)


def _is_memory(path: Path) -> bool:
    """Look the path up in the mounts: the last one on the way to it counts."""
    mounts = (line.split() for line in Path("/proc/self/mounts").read_text().splitlines())
    holding = [(len(each[1]), each[2]) for each in mounts if path.is_relative_to(each[1])]
    return bool(holding) and max(holding)[1] in ("tmpfs", "ramfs")


def _profile(value: SecretValue) -> bytes:
    found = json.loads(value.reveal())
    lines = (f"{name}={found[key]}" for key, name in _FIELDS.items() if found.get(key))
    return ("[default]\n" + "\n".join(lines) + "\n").encode()
