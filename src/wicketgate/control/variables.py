"""Following the variables: a changed secret is live at once, anything else is compiled anew."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from wicketgate.control.live import Attempt, Live
from wicketgate.errors import WicketError
from wicketgate.ir.secrets import AuthorityFile, ClientAuthorities, KeyPairSecret, SecretSource
from wicketgate.spec.certificates import CertificateLookup
from wicketgate.spec.variables import Secrecy, VariableLookup

_log = logging.getLogger(__name__)

_LOOK_SECONDS = 0.03


class Variables(VariableLookup, Protocol):
    """The variables of an environment, read anew at each look-up. Each method may raise `WicketError`."""

    def token(self) -> object:
        """Return something cheap that differs once any variable may have changed, also by another process."""

    def advance(self) -> None:
        """Take the rotations that are due one step on."""


def visible(variables: VariableLookup, certificates: CertificateLookup) -> dict[str, object]:
    """Return what the compiler may build into a configuration: every variable, the secret ones without value, and
    which certificates there are."""
    found = ((name, variables.lookup(name)) for name in variables.names())
    known = {
        f"{name} {variable.secrecy}": None if variable.secrecy is Secrecy.SECRET else variable.value
        for name, variable in found
        if variable is not None
    }
    return {
        **known,
        "certificates": dict(certificates.identities()),
        "authorities": sorted(certificates.authorities()),
        "client authorities": sorted(certificates.client_authorities()),
    }


class VariableFollower:
    """Looks for changes some thirty times a second, for other processes make them.

    Make it before the project is compiled first, so that no change after that is missed. Raises `WicketError`
    for variables that cannot be read.
    """

    def __init__(self, variables: Variables, certificates: CertificateLookup) -> None:
        self._variables = variables
        self._certificates = certificates
        self._seen = variables.token()
        self._visible = visible(variables, certificates)
        self._complaint = ""

    async def follow(self, live: Live, *, stale: Callable[[], None], count: Callable[[Attempt], None]) -> None:
        """Run until cancelled. `stale` is called when the project has to be compiled anew."""
        files = key_files(live)
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            changed, shown = self._look()
            if changed or files != key_files(live):
                files = key_files(live)
                count(await live.refresh_secrets())
            if changed and (shown != self._visible or not (live.project and live.project.ok)):
                stale()
            self._visible = shown

    def _look(self) -> tuple[bool, dict[str, object]]:
        try:
            token = self._variables.token()
            if token == self._seen:
                return False, self._visible
            shown = visible(self._variables, self._certificates)
        except WicketError as error:
            self._complain(error)
            return False, self._visible
        self._seen, self._complaint = token, ""
        return True, shown

    def _complain(self, error: WicketError) -> None:
        if self._complaint != error.message:
            self._complaint = error.message
            _log.error("cannot read the variables: %s", error.message, extra={"hint": error.hint})


def key_files(live: Live) -> tuple[tuple[int, int] | None, ...]:
    """Return what differs once a certificate or its key has changed on disk."""
    sources = live.candidate.sources.values() if live.candidate else ()
    return tuple(_stamp(path) for source in sources for path in _paths(source))


def _paths(source: SecretSource) -> tuple[Path, ...]:
    match source:
        case KeyPairSecret(_, certificate, key):
            return (certificate, key)
        case AuthorityFile(_, path):
            return (path,)
        case ClientAuthorities(files):
            return tuple(path for file in files for path in (file.path, file.revoked) if path)
        case _:
            return ()


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return (status.st_mtime_ns, status.st_ino)
