"""The issuer's published keys: fetched in a thread of our own, kept, and fetched anew for one that is not known."""

from __future__ import annotations

import logging
import threading
import time
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, Callable

from wicketgate_guard._fetch import fetched
from wicketgate_guard._keys import Keys, Wait, check_url, parsed

_logger = logging.getLogger("wicketgate_guard")

_SHORTEST, _LONGEST, _USUAL = 60.0, 86_400.0, 300.0
"""Seconds for which keys are kept, whatever the issuer says."""
_EARLY = 0.2
"""The part of that time which is left when they are fetched anew, so that no request has to wait for it."""
_COOLDOWN = 30.0
"""Seconds between two fetches for keys that are not known: a flood of invented ones makes no flood of fetches."""
_WITHOUT_KEYS = 1.0
"""The same while there are no keys at all, and nobody can be let in."""
_PATIENCE, _PATIENCE_WITHOUT_KEYS = 1.0, 5.0
"""Seconds after its begin for which requests wait for a fetch. A slow issuer holds them up no longer."""
_ABANDONED = 60.0
"""Seconds after which another fetch may begin: a name server may hang longer, and a forked process has no thread."""


@dataclass(frozen=True)
class _Held:
    """Keys, from when they are to be renewed, and until when the issuer lets them be used."""

    keys: Keys
    renewal: float
    ends: float


@dataclass(frozen=True)
class _Fetch:
    """A fetch under way, for all who wait for it."""

    done: Future[None] = field(default_factory=Future)
    began: float = field(default_factory=time.monotonic)

    @property
    def age(self) -> float:
        return time.monotonic() - self.began

    def wait(self, seconds: float) -> Wait | None:
        rest = seconds - self.age
        return Wait(self.done, rest) if rest > 0 else None


class RemoteKeys:
    """Keys by their id. A set that cannot be replaced stays in use for `keep` seconds after it should have been."""

    def __init__(self, url: str, *, keep: float = _LONGEST, clock: Callable[[], float] = time.monotonic) -> None:
        check_url(url, what="jwks")
        self._url = url
        self._keep = keep
        self._clock = clock
        self._held = _Held({}, float("-inf"), float("-inf"))
        self._asked = float("-inf")
        self._fetch: _Fetch | None = None
        self._lock = threading.Lock()

    def find(self, kid: str) -> Any | None:
        held = self._held
        return held.keys.get(kid) if self._lives(held) else None

    def wanted(self, kid: str) -> Wait | None:
        """Begin a fetch where one could help, once for all. A key that is known and fresh is not waited for.

        One that is not fresh is, unless the issuer has been asked in vain: then the last good keys serve at once.
        """
        now, held = self._clock(), self._held
        known = self.find(kid) is not None
        if known and now < held.renewal:
            return None
        asked = self._asked
        fetch = self._under_way()
        if fetch is None or (known and (now < held.ends or asked >= held.renewal)):
            return None
        return fetch.wait(_PATIENCE if self._lives(held) else _PATIENCE_WITHOUT_KEYS)

    def _lives(self, held: _Held) -> bool:
        return self._clock() < held.ends + self._keep

    def _under_way(self) -> _Fetch | None:
        with self._lock:
            if self._fetch is not None and self._fetch.age < _ABANDONED:
                return self._fetch
            pause = _COOLDOWN if self._lives(self._held) else _WITHOUT_KEYS
            self._fetch = None if self._clock() - self._asked < pause else self._begun()
            return self._fetch

    def _begun(self) -> _Fetch | None:
        fetch = _Fetch()
        # As if it ran: whoever gives up waiting cannot cancel it for the others.
        fetch.done.set_running_or_notify_cancel()
        try:
            threading.Thread(target=self._run, args=(fetch,), name="wicketgate-guard-keys", daemon=True).start()
        except RuntimeError:  # no more threads
            self._asked = self._clock()
            _logger.warning("cannot refresh the keys of %s: no thread", self._url)
            return None
        return fetch

    def _run(self, fetch: _Fetch) -> None:
        found: _Held | None = None
        try:
            found = self._read()
        except Exception as error:
            # Whatever an issuer answers, or a library makes of it, the last good keys serve.
            _logger.warning("cannot refresh the keys of %s: %s", self._url, type(error).__name__)
        finally:
            self._end(fetch, found)

    def _end(self, fetch: _Fetch, found: _Held | None) -> None:
        with self._lock:
            # One that was abandoned has nothing to say any more.
            if self._fetch is fetch:
                self._fetch, self._asked = None, self._clock()
                self._held = found or self._held
        fetch.done.set_result(None)

    def _read(self) -> _Held:
        answer = fetched(self._url)
        keys, now, life = parsed(answer.body), self._clock(), _life(answer.cache_control)
        return _Held(keys, now + life * (1 - _EARLY), now + life)

    def __str__(self) -> str:
        return self._url


def _life(cache_control: str) -> float:
    for part in cache_control.lower().split(","):
        name, _, value = part.strip().partition("=")
        if name == "max-age" and value.isdecimal():
            return min(max(float(value), _SHORTEST), _LONGEST)
    return _USUAL
