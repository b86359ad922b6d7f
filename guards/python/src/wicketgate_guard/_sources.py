"""Where the accepted secrets come from. What is kept are SHA-256 digests, never the secrets."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Protocol

from wicketgate_guard._errors import GuardConfigurationError
from wicketgate_guard._files import FollowedFile

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Mapping

MINIMUM_SECRET_BYTES = 16
"""Anything shorter can be guessed, or is a placeholder that somebody forgot."""

_MAXIMUM_SECRETS = 2  # the current one and, during a rotation, the next one


class SecretSource(Protocol):
    """Gives the accepted secrets at this moment."""

    def digests(self) -> tuple[bytes, ...]:
        """SHA-256 of each accepted secret: one or two, never none."""

    def __str__(self) -> str:
        """Where the secrets come from, for a log line."""


def digest(value: bytes) -> bytes:
    """SHA-256, so that values of any length compare in equal time."""
    return hashlib.sha256(value).digest()


def accept(secrets: Iterable[str | bytes], *, where: str) -> tuple[bytes, ...]:
    """Digests of `secrets`.

    Raises:
        GuardConfigurationError: none, more than two, one too short or one that no header can carry.
    """
    values = [_encoded(secret, where) for secret in secrets]
    if not values:
        raise GuardConfigurationError(f"{where}: no secret. Give the value that the gateway sends.")
    if len(values) > _MAXIMUM_SECRETS:
        raise GuardConfigurationError(
            f"{where}: {len(values)} secrets. At most two are accepted, the current and the next."
        )
    for value in values:
        check_value(value, where)
    return tuple(dict.fromkeys(digest(value) for value in values))


def _encoded(secret: object, where: str) -> bytes:
    if isinstance(secret, str):
        return secret.encode()
    if isinstance(secret, bytes):
        return secret
    raise GuardConfigurationError(
        f"{where}: a secret is {type(secret).__name__}, not text. An unset variable is the usual reason."
    )


def check_value(value: bytes, where: str) -> None:
    """Refuse a secret that can be guessed, or that no header or file of keys carries unchanged."""
    if len(value) < MINIMUM_SECRET_BYTES:
        raise GuardConfigurationError(
            f"{where}: the secret has {len(value)} bytes and needs at least {MINIMUM_SECRET_BYTES}. "
            "Make one with: openssl rand -hex 32"
        )
    if value != value.strip() or any(byte < 0x20 or byte == 0x7F for byte in value):
        raise GuardConfigurationError(
            f"{where}: the secret begins or ends with white space or has a control character, "
            "which no header can carry. Remove it."
        )


class FixedSecrets:
    """Secrets that stay what they were at start."""

    def __init__(self, secrets: Iterable[str | bytes], *, where: str) -> None:
        self._digests = accept(secrets, where=where)
        self._where = where

    def digests(self) -> tuple[bytes, ...]:
        return self._digests

    def __str__(self) -> str:
        return self._where


class FileSecrets:
    """One accepted secret a line, at most two; read again when the file changes, as `FollowedFile` says.

    Raises:
        GuardConfigurationError: the file is not readable or not valid at start.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = path
        advice = "Write one secret a line into it, readable by this process."
        self._file = FollowedFile(path, self._parsed, what="secrets", advice=advice)

    def digests(self) -> tuple[bytes, ...]:
        return self._file.content()

    def _parsed(self, content: bytes) -> tuple[bytes, ...]:
        return accept([line.strip() for line in content.splitlines() if line.strip()], where=str(self))

    def __str__(self) -> str:
        return f"secret file {self._path}"


def from_environment(name: str, environ: Mapping[str, str]) -> SecretSource:
    """`NAME_FILE` when set, else `NAME` and, during a rotation, `NAME_NEXT`.

    Raises:
        GuardConfigurationError: none of them is set, or both kinds are.
    """
    path, current, following = (environ.get(name + suffix) for suffix in ("_FILE", "", "_NEXT"))
    if path and (current or following):
        raise GuardConfigurationError(
            f"environment: {name}_FILE is set beside {name} or {name}_NEXT. Keep the file or the values."
        )
    if path:
        return FileSecrets(path)
    if not current:
        raise GuardConfigurationError(
            f"environment: {name} is {'not set' if current is None else 'empty'}. "
            f"Set it to the value that the gateway sends, or {name}_FILE to a file that holds it."
        )
    return FixedSecrets(filter(None, (current, following)), where=f"environment ({name})")
