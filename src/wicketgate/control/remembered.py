"""Values of the broker across a restart of the control plane, sealed: a provider that is down then costs nothing."""

from __future__ import annotations

import base64
import json
import logging
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

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
    """One file of mode 0600, sealed with the installation's key. `key` is that key in base64, if it is given."""

    def __init__(self, path: Path, *, state: Path, key: str | None) -> None:
        self._path = path
        self._state = state
        self._key = key
        self._known: dict[CredentialUse, _Entry] = {}

    def read(self, uses: Collection[CredentialUse]) -> dict[CredentialUse, Obtained]:
        """Return what is known of these. A file that cannot be read is as none: everything is obtained anew."""
        try:
            saved = json.loads(self._path.read_bytes())
            return {use: self._opened(use, saved[use_name(use)]) for use in uses if use_name(use) in saved}
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, KeyError, TypeError, WicketError) as error:
            _log.warning("credentials from before are not used: %s", type(error).__name__)
            return {}

    def write(self, held: Mapping[CredentialUse, Obtained]) -> None:
        """Replace the file."""
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
        sealed = self._sealed(sealer, use, obtained)
        return _Entry(obtained, key_id, f"{json.dumps(use_name(use))}:{json.dumps(sealed)}".encode())

    def _sealer(self) -> Sealer:
        return Sealer(read_key(self._state / "key", self._key))

    def _opened(self, use: CredentialUse, saved: Mapping[str, str]) -> Obtained:
        sealed = Sealed(saved["key_id"], base64.b64decode(saved["box"]))
        value = self._sealer().open(sealed, ("credential", use_name(use), saved["expires_at"]))
        return Obtained(value, float(saved["expires_at"]))

    @staticmethod
    def _sealed(sealer: Sealer, use: CredentialUse, obtained: Obtained) -> dict[str, str]:
        expires_at = repr(obtained.expires_at)
        sealed = sealer.seal(obtained.value, ("credential", use_name(use), expires_at))
        return {"key_id": sealed.key_id, "box": base64.b64encode(sealed.box).decode(), "expires_at": expires_at}
