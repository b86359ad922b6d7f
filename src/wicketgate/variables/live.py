"""Variables as the gateway sees them: read anew when a source has changed."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from wicketgate.secret_value import SecretValue
from wicketgate.spec.variables import Secrecy
from wicketgate.variables.dotenv_file import read_dotenv
from wicketgate.variables.names import check_environment

if TYPE_CHECKING:
    from wicketgate.store import Store

KEY_VARIABLE = "WICKET_KEY"
"""Holds the sealing key in base64, where no file should."""


@dataclass(frozen=True, slots=True)
class Variable:
    """`source` is `store`, `environment` or `.env`."""

    name: str
    value: SecretValue
    secrecy: Secrecy
    source: str


Token = tuple[int, tuple[int, int] | None]


@dataclass(slots=True)
class LiveVariables:
    """One environment. Look-ups are served from memory until `token()` shows a change."""

    environment: str
    dotenv: Path
    process: Mapping[str, str] = field(repr=False)
    store: Callable[[], Store | None]
    _seen: Token | None = None
    _known: dict[str, Variable] = field(default_factory=dict, repr=False)

    def lookup(self, name: str) -> Variable | None:
        """Return the variable from the source that wins. Raises `DotenvError`, `SealError`, `StoreError`."""
        self._refresh()
        return self._known.get(name)

    def names(self) -> list[str]:
        self._refresh()
        return sorted(self._known)

    def shadowed(self) -> list[Variable]:
        """Return the variables of later sources that an earlier one hides."""
        self._refresh()
        return [each for each in self._all() if self._known[each.name].source != each.source]

    def token(self) -> Token:
        """Return what differs once a variable may have changed, also by another process. Cheap enough to poll."""
        store = self.store()
        return (store.sequence() if store else -1, _stamp(self.dotenv))

    def advance(self) -> None:
        """Take the rotations that are due one step on."""
        store = self.store()
        if store is not None:
            store.advance()

    def _refresh(self) -> None:
        token = self.token()
        if token != self._seen:
            known: dict[str, Variable] = {}
            for variable in self._all():
                known.setdefault(variable.name, variable)
            self._known, self._seen = known, token

    def _all(self) -> Iterator[Variable]:
        store = self.store()
        for name, stored in (store.read(self.environment) if store else {}).items():
            yield Variable(name, stored.value, stored.secrecy, "store")
        for name, text in self.process.items():
            yield Variable(name, SecretValue(text), Secrecy.UNMARKED, "environment")
        for name, value in read_dotenv(self.dotenv).items():
            yield Variable(name, value, Secrecy.UNMARKED, ".env")


def open_variables(
    project: Path, *, state: Path, environment: str, process: Mapping[str, str] | None = None
) -> LiveVariables:
    """Open the variables of a project. A store that does not exist yet is empty, and not made by looking."""
    check_environment(environment)
    chosen = os.environ if process is None else process
    return LiveVariables(
        environment, project / ".env", dict(chosen), _store_when_there(state, chosen.get(KEY_VARIABLE))
    )


def _store_when_there(state: Path, key: str | None) -> Callable[[], Store | None]:
    opened: list[Store] = []

    def store() -> Store | None:
        if not opened and (state / "state.db").exists():
            # The database library is half of a command's start-up time, and many projects have no store.
            from wicketgate.store import open_store

            opened.append(open_store(state, key=key))
        return opened[0] if opened else None

    return store


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return (status.st_mtime_ns, status.st_ino)
