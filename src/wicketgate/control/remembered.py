"""Values of the broker across a restart of the control plane, sealed: a provider that is down then costs nothing."""

from __future__ import annotations

import base64
import json
import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wicketgate.broker.source import Obtained
from wicketgate.envoy.names import use_name
from wicketgate.errors import WicketError
from wicketgate.ir.credentials.base import CredentialUse
from wicketgate.store.key import read_key
from wicketgate.store.sealing import Sealed, Sealer
from wicketgate.supervise.run_directory import write_private

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Entry:
    """What a value has become in the file: of thousands few change at a time."""

    of: Obtained
    key_id: str
    line: bytes


class Remembered:
    """One file of mode 0600, sealed with the installation's key. `key` is that key in base64, if it is given.

    Each value is bound to its name, its end and the digest of what it is made of, which stands nowhere in the file: who
    does not know all of that, and the key, cannot open it. One thread at a time may use this.
    """

    def __init__(self, path: Path, *, state: Path, key: str | None) -> None:
        self._path = path
        self._state = state
        self._key = key
        self._known: dict[CredentialUse, _Entry] = {}

    def read(self, made_of: Mapping[CredentialUse, bytes]) -> dict[CredentialUse, Obtained]:
        """Return what is known of these, each with what it would be made of now; it blocks.

        What is made of something else, or was damaged, is as none: it is obtained anew.
        """
        try:
            saved = json.loads(self._path.read_bytes())
            found = dict(_opened(saved, made_of, self._sealer()))
            others = sum(use_name(use) in saved for use in made_of) - len(found)
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, TypeError, WicketError) as error:
            _log.warning("credentials from before are not used: %s", type(error).__name__)
            return {}
        if others:
            _log.info("%d credentials from before are not used: what they are made of has changed", others)
        return found

    def write(self, held: Mapping[CredentialUse, Obtained]) -> None:
        """Replace the file; it blocks."""
        try:
            sealer = self._sealer()
            key_id = sealer.key_id
            self._known = {use: self._entry(use, obtained, sealer, key_id) for use, obtained in held.items()}
            write_private(self._path, b"{" + b",".join(entry.line for entry in self._known.values()) + b"}")
        except (OSError, WicketError) as error:
            _log.warning("credentials are not kept for a restart: %s", type(error).__name__)

    def _entry(self, use: CredentialUse, obtained: Obtained, sealer: Sealer, key_id: str) -> _Entry:
        known = self._known.get(use)
        if known is not None and known.of is obtained and known.key_id == key_id:
            return known
        name = use_name(use)
        return _Entry(obtained, key_id, f"{json.dumps(name)}:{json.dumps(_sealed(sealer, name, obtained))}".encode())

    def _sealer(self) -> Sealer:
        return Sealer(read_key(self._state / "key", self._key))


def _opened(
    saved: Mapping[str, Any], made_of: Mapping[CredentialUse, bytes], sealer: Sealer
) -> Iterator[tuple[CredentialUse, Obtained]]:
    for use, digest in made_of.items():
        name = use_name(use)
        try:
            entry = saved[name]
            sealed = Sealed(entry["key_id"], base64.b64decode(entry["box"]))
            value = sealer.open(sealed, _place(name, entry["expires_at"], digest))
            yield use, Obtained(value, float(entry["expires_at"]), digest)
        except (ValueError, KeyError, TypeError, AttributeError, WicketError):
            continue


def _sealed(sealer: Sealer, name: str, obtained: Obtained) -> dict[str, str]:
    expires_at = repr(obtained.expires_at)
    sealed = sealer.seal(obtained.value, _place(name, expires_at, obtained.made_of))
    return {"key_id": sealed.key_id, "box": base64.b64encode(sealed.box).decode(), "expires_at": expires_at}


def _place(name: str, expires_at: str, made_of: bytes) -> tuple[str, ...]:
    return ("credential", name, expires_at, made_of.hex())
