"""The issuer's public keys: fetched or read from a file, kept, and fetched anew for a key that is not among them."""

from __future__ import annotations

import json
import logging
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from wicketgate_guard._sources import GuardConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping

_logger = logging.getLogger("wicketgate_guard")

FETCH_SECONDS = 5.0
_MOST_BYTES = 256 * 1024
_SHORTEST, _LONGEST, _USUAL = 60.0, 86_400.0, 300.0
"""Seconds for which keys are kept, whatever the issuer says."""
_COOLDOWN = 30.0
"""Seconds between two fetches for keys that are not known: a flood of invented ones makes no flood of fetches."""
_WITHOUT_KEYS = 1.0
"""The same while there are no keys at all, and nobody can be let in."""
_MOST_WAITING = 64
"""Requests that wait for one fetch. Those beyond are judged by the keys that there are."""


class _NoRedirects(HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        return None


class KeySet:
    """Keys by their id. A set that cannot be replaced stays in use for `keep` seconds after it should have been."""

    def __init__(
        self,
        place: str,
        *,
        keep: float = _LONGEST,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._place = place
        self._file = None if place.startswith(("https://", "http://")) else Path(place)
        if self._file is None:
            check_url(place, what="jwks")
        self._keep = keep
        self._clock = clock
        self._lock = threading.Lock()
        self._places = threading.Semaphore(_MOST_WAITING)
        self._keys: Mapping[str, Any] = {}
        self._good_until = float("-inf")
        self._asked = float("-inf")
        self._changed = 0.0

    @property
    def is_remote(self) -> bool:
        """Whether a refresh waits for the network."""
        return self._file is None

    def find(self, kid: str) -> Any | None:
        """Return a key (`jwt.PyJWK`), or None; nothing is fetched."""
        return self._keys.get(kid) if self._clock() < self._good_until + self._keep else None

    def is_due(self, kid: str) -> bool:
        """Whether a refresh could help."""
        now = self._clock()
        if now - self._asked < self._pause(now):
            return False
        return now >= self._good_until or kid not in self._keys or self._file_changed()

    def refresh(self, kid: str) -> None:
        """Fetch or read the keys, once for all who wait. What goes wrong is logged, and the old ones stay.

        A request whose key is known does not wait for a fetch that another one has begun.
        """
        if not self._places.acquire(blocking=False):
            return
        try:
            if self._lock.acquire(blocking=self.find(kid) is None):
                try:
                    self._refresh(kid)
                finally:
                    self._lock.release()
        finally:
            self._places.release()

    def _refresh(self, kid: str) -> None:
        if not self.is_due(kid):
            return
        try:
            keys, life = self._read()
        except (OSError, ValueError, URLError) as error:
            _logger.warning("cannot refresh the keys of %s: %s", self._place, type(error).__name__)
        else:
            self._keys, self._good_until = keys, self._clock() + life
        # Only now: whoever asks while the keys are fetched waits for them.
        self._asked = self._clock()

    def _pause(self, now: float) -> float:
        if not self.is_remote:
            return 0.0
        return _COOLDOWN if self._keys and now < self._good_until + self._keep else _WITHOUT_KEYS

    def _read(self) -> tuple[Mapping[str, Any], float]:
        if self._file is not None:
            self._changed = self._file.stat().st_mtime
            return _parsed(self._file.read_bytes()), _USUAL
        request = Request(self._place, headers={"accept": "application/json"})  # noqa: S310 - checked at the start
        with build_opener(_NoRedirects).open(request, timeout=FETCH_SECONDS) as answer:
            body = answer.read(_MOST_BYTES + 1)
            if len(body) > _MOST_BYTES:
                raise ValueError("too large")
            return _parsed(body), _life(answer.headers.get("cache-control", ""))

    def _file_changed(self) -> bool:
        try:
            return self._file is not None and self._file.stat().st_mtime != self._changed
        except OSError:
            return False

    def __str__(self) -> str:
        return self._place


def check_url(url: str, *, what: str) -> None:
    """Refuse a URL whose answer somebody on the way could write. Raises `GuardConfigurationError`."""
    parts = urlsplit(url)
    local = parts.hostname in ("localhost", "127.0.0.1", "::1")
    if not parts.hostname or parts.scheme not in ("https", "http") or (parts.scheme == "http" and not local):
        raise GuardConfigurationError(f"{what}: {url!r} is not https. Plain http is for loopback only.")


def _parsed(body: bytes) -> Mapping[str, Any]:
    import jwt

    try:
        found = jwt.PyJWKSet.from_dict(json.loads(body)).keys
    except (jwt.PyJWTError, AttributeError, TypeError, KeyError) as error:
        raise ValueError("no key set") from error
    return {key.key_id: key for key in found if key.key_id and key.public_key_use in (None, "sig")}


def _life(cache_control: str) -> float:
    for part in cache_control.lower().split(","):
        name, _, value = part.strip().partition("=")
        if name == "max-age" and value.isdecimal():
            return min(max(float(value), _SHORTEST), _LONGEST)
    return _USUAL
