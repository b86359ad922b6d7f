"""Key sets (RFC 7517) of an issuer, and where they may come from."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from concurrent.futures import Future, wait
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

from wicketgate_guard._errors import GuardConfigurationError
from wicketgate_guard._files import FollowedFile

if TYPE_CHECKING:
    import os

Keys = Mapping[str, Any]
"""By key id a `jwt.PyJWK`."""


@dataclass(frozen=True)
class Wait:
    """Something under way, and the seconds for which it is worth waiting."""

    done: Future[None]
    seconds: float

    def block(self) -> None:
        wait((self.done,), self.seconds)

    async def pause(self) -> None:
        waiter = asyncio.wrap_future(self.done)
        try:
            await asyncio.wait((waiter,), timeout=self.seconds)
        finally:
            waiter.cancel()


class KeySource(Protocol):
    """Knows the keys of this moment."""

    def wanted(self, kid: str) -> Wait | None:
        """Say that a key is wanted; return what should be waited for before it is looked up."""

    def find(self, kid: str) -> Any | None:
        """Return a key (`jwt.PyJWK`), or None; waits for nothing."""

    def __str__(self) -> str:
        """Where the keys come from, for a log line."""


class FileKeys:
    """Keys in a file, read again when it changes, as `FollowedFile` says."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = path
        advice = "Write there what `wicket issuer export-jwks` prints."
        self._file = FollowedFile(path, self._parsed, what="keys", advice=advice)

    def wanted(self, kid: str) -> Wait | None:  # noqa: ARG002 - as `KeySource` has it
        return None

    def find(self, kid: str) -> Any | None:
        return self._file.content().get(kid)

    def _parsed(self, content: bytes) -> Keys:
        try:
            return parsed(content)
        except ValueError:
            raise GuardConfigurationError(f"{self._path}: this is no set of keys (JWKS).") from None

    def __str__(self) -> str:
        return str(self._path)


def parsed(body: bytes) -> Keys:
    """Return the keys of a set that can verify, at least one. Raises `ValueError` for anything else."""
    import jwt

    try:
        found = jwt.PyJWKSet.from_dict(json.loads(body)).keys
    except (jwt.PyJWTError, AttributeError, TypeError, KeyError, RecursionError) as error:
        raise ValueError("no key set") from error
    keys = {key.key_id: key for key in found if key.key_id and key.public_key_use in (None, "sig")}
    if not keys:
        raise ValueError("no key in the set has an id and may sign")
    return keys


def check_url(url: str, *, what: str) -> None:
    """Refuse a URL whose answer somebody on the way could write. Raises `GuardConfigurationError`."""
    parts = urlsplit(url)
    local = parts.hostname in ("localhost", "127.0.0.1", "::1")
    if not parts.hostname or parts.scheme not in ("https", "http") or (parts.scheme == "http" and not local):
        raise GuardConfigurationError(f"{what}: {url!r} is not https. Plain http is for loopback only.")
