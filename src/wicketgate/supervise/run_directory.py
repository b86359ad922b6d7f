"""The private directory of one running gateway: sockets, bootstrap, lock."""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path

from wicketgate.errors import WicketError

_VERSION_KEY_BYTES = 32


class AlreadyRunningError(WicketError):
    """Another gateway runs on the same state directory."""

    exit_code = 3


@dataclass(frozen=True, slots=True)
class RunDirectory:
    """`STATE/run/`: mode 0700, so nobody else reaches the sockets in it, through which secrets pass."""

    path: Path

    @classmethod
    def of(cls, project: Path, state_dir: Path | None) -> RunDirectory:
        return cls((state_dir or project / ".wicket").absolute() / "run")

    @property
    def bootstrap(self) -> Path:
        return self.path / "bootstrap.json"

    @property
    def control_socket(self) -> Path:
        return self.path / "control.sock"

    @property
    def last_good(self) -> Path:
        return self.path / "last-good.json"

    def create(self) -> None:
        """Make the directory; one that is there already becomes private."""
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.path.mkdir(mode=0o700, exist_ok=True)
        if self.path.stat().st_uid != os.geteuid():
            raise WicketError(
                f"{self.path} belongs to another user",
                hint="run the gateway as its owner, or give it a state directory of its own with --state-dir",
            )
        self.path.chmod(0o700)

    def lock(self) -> int:
        """Take the directory for this process, until it ends. Raises `AlreadyRunningError`."""
        descriptor = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(descriptor, 32).decode(errors="replace").strip()
            os.close(descriptor)
            raise AlreadyRunningError(
                f"a gateway already runs on {self.path.parent}" + (f" (process {holder})" if holder else ""),
                hint="stop it first, or give this one a state directory of its own with --state-dir",
            ) from None
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"{os.getpid()}\n".encode())
        return descriptor

    @property
    def keys(self) -> Path:
        """Keys that Envoy signs with: a link to a directory in memory."""
        return self.path / "keys"

    def forget_keys(self) -> None:
        """Remove the keys, once nobody signs any more."""
        if self.keys.is_symlink():
            shutil.rmtree(self.keys.resolve(), ignore_errors=True)
            self.keys.unlink()

    def version_key(self) -> bytes:
        """Return the key under which versions are made, the same after a restart."""
        path = self.path / "version.key"
        if path.exists() and len(key := path.read_bytes()) == _VERSION_KEY_BYTES:
            return key
        key = secrets.token_bytes(_VERSION_KEY_BYTES)
        write_private(path, key)
        return key


def write_private(path: Path, content: bytes) -> None:
    """Write a file with mode 0600 in one step: readers see the old content or the new, whoever writes at once."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
