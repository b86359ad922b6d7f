"""Variables and rotations in a database, SQLite by default."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from wicketgate.secret_value import SecretValue
from wicketgate.spec.variables import Secrecy
from wicketgate.store.database import Database, open_database
from wicketgate.store.guard_file import write_guard_file
from wicketgate.store.rotation import Phase, Rotation, RotationError
from wicketgate.store.schema import ROTATIONS, VARIABLES
from wicketgate.store.sealing import Sealed

CURRENT, NEXT, PREVIOUS = "current", "next", "previous"
_GENERATED_BYTES = 32


@dataclass(frozen=True, slots=True)
class Entry:
    """What may be shown of a variable. `value` is None for a secret: it is written and never read back."""

    name: str
    environment: str
    secrecy: Secrecy
    value: str | None
    changed_at: float


@dataclass(frozen=True, slots=True)
class Stored:
    """A variable as the gateway uses it."""

    value: SecretValue
    secrecy: Secrecy


def open_store(state: Path, *, key: str | None = None, clock: Callable[[], float] = time.time) -> Store:
    """Open the variables of the state in the folder `state`, making it if there is none, as `open_database` does."""
    return Store(open_database(state, key=key, clock=clock))


@dataclass(frozen=True, slots=True)
class Store:
    """Variables and their rotations."""

    database: Database

    def sequence(self) -> int:
        """Return a number that grows with every write, by whichever process."""
        return self.database.sequence()

    def set(self, name: str, value: SecretValue, secrecy: Secrecy, environments: Iterable[str]) -> None:
        """Give a variable a value. Raises `RotationError` while it is being rotated."""
        with self.database.write() as connection:
            for environment in environments:
                self._refuse_during_rotation(connection, name, environment)
                self._put(connection, name, environment, CURRENT, value, secrecy)

    def unset(self, name: str, environments: Iterable[str]) -> bool:
        """Remove a variable and tell whether there was one. Raises `RotationError` while it is being rotated."""
        found = False
        with self.database.write() as connection:
            for environment in environments:
                self._refuse_during_rotation(connection, name, environment)
                found |= connection.execute(delete(VARIABLES).where(*_row(name, environment))).rowcount > 0
        return found

    def entries(self) -> list[Entry]:
        """Return what may be shown, by name and environment."""
        query = select(VARIABLES).where(VARIABLES.c.slot == CURRENT).order_by(VARIABLES.c.name, VARIABLES.c.environment)
        with self.database.read() as connection:
            return [self._entry(row) for row in connection.execute(query).mappings()]

    def read(self, environment: str) -> dict[str, Stored]:
        """Return the variables that the gateway uses in an environment."""
        query = select(VARIABLES).where(VARIABLES.c.environment == environment, VARIABLES.c.slot == CURRENT)
        with self.database.read() as connection:
            rows = connection.execute(query).mappings().all()
        return {row["name"]: Stored(self._open(row), Secrecy(row["secrecy"])) for row in rows}

    def rotations(self) -> list[Rotation]:
        """Return the rotations under way."""
        with self.database.read() as connection:
            return [_rotation(row) for row in connection.execute(select(ROTATIONS)).mappings()]

    def stage(
        self,
        name: str,
        environment: str,
        *,
        value: SecretValue | None = None,
        settle: float = 30.0,
        soak: float = 600.0,
        guard_file: str | None = None,
    ) -> SecretValue:
        """Begin a rotation to `value`, or to 32 random bytes; return the next value, for whoever must tell a guard.

        Raises `RotationError` if the variable is not in the store, or is being rotated already.
        """
        following = value or SecretValue(secrets.token_urlsafe(_GENERATED_BYTES))
        with self.database.write() as connection:
            self._refuse_during_rotation(connection, name, environment)
            current = self._value(connection, name, environment, CURRENT)
            if current is None:
                raise RotationError(
                    f"{name} is not in the store for {environment}",
                    hint=f"set it first: wicket env set {name} --secret",
                )
            if current == following:
                raise RotationError(f"the next value of {name} is the current one", hint="give it another")
            self._put(connection, name, environment, NEXT, following, Secrecy.SECRET)
            rotation = Rotation(
                name, environment, Phase.STAGED, self.database.clock(), settle, soak, guard_file=guard_file
            )
            connection.execute(insert(ROTATIONS).values(_columns(rotation)))
            _tell_guard(rotation, [current, following])
        return following

    def switch(self, name: str, environment: str) -> None:
        """Let the gateway send the next value. Raises `RotationError` unless a rotation is staged."""
        with self.database.write() as connection:
            self._switch(connection, self._under_way(connection, name, environment, Phase.STAGED))

    def retire(self, name: str, environment: str) -> None:
        """Drop the old value and end the rotation. Raises `RotationError` unless it is switched."""
        with self.database.write() as connection:
            self._retire(connection, self._under_way(connection, name, environment, Phase.SWITCHED))

    def roll_back(self, name: str, environment: str) -> None:
        """Take one step back: from switched to staged and held there, from staged to no rotation."""
        with self.database.write() as connection:
            rotation = self._under_way(connection, name, environment, None)
            if rotation.phase is Phase.SWITCHED:
                self._move(connection, rotation, CURRENT, NEXT)
                self._move(connection, rotation, PREVIOUS, CURRENT)
                self._set_phase(connection, rotation, Phase.STAGED, held=True)
            else:
                current = self._value(connection, name, environment, CURRENT)
                connection.execute(delete(VARIABLES).where(*_row(name, environment, NEXT)))
                connection.execute(delete(ROTATIONS).where(*_rotation_row(rotation)))
                _tell_guard(rotation, [current] if current else [])

    def advance(self) -> None:
        """Take every rotation whose time has come one step on."""
        now = self.database.clock()
        if not any(rotation.is_due(now) for rotation in self.rotations()):
            return
        with self.database.write() as connection:
            for row in connection.execute(select(ROTATIONS)).mappings().all():
                rotation = _rotation(row)
                if rotation.is_due(now):
                    step = self._switch if rotation.phase is Phase.STAGED else self._retire
                    step(connection, rotation)

    def _switch(self, connection: Connection, rotation: Rotation) -> None:
        """The guard is told before the commit, so that it accepts whatever the gateway may send after a crash."""
        following = self._value(connection, rotation.name, rotation.environment, NEXT)
        current = self._value(connection, rotation.name, rotation.environment, CURRENT)
        if following is None or current is None:
            raise RotationError(
                f"the rotation of {rotation.name} has lost a value", hint="roll it back and begin again"
            )
        _tell_guard(rotation, [following, current])
        self._move(connection, rotation, CURRENT, PREVIOUS)
        self._move(connection, rotation, NEXT, CURRENT)
        self._set_phase(connection, rotation, Phase.SWITCHED)

    def _retire(self, connection: Connection, rotation: Rotation) -> None:
        current = self._value(connection, rotation.name, rotation.environment, CURRENT)
        _tell_guard(rotation, [current] if current else [])
        connection.execute(delete(VARIABLES).where(*_row(rotation.name, rotation.environment, PREVIOUS)))
        connection.execute(delete(ROTATIONS).where(*_rotation_row(rotation)))

    def _move(self, connection: Connection, rotation: Rotation, source: str, target: str) -> None:
        """A value is sealed to its slot, so it is opened and sealed anew."""
        value = self._value(connection, rotation.name, rotation.environment, source)
        connection.execute(delete(VARIABLES).where(*_row(rotation.name, rotation.environment, source)))
        if value is not None:
            self._put(connection, rotation.name, rotation.environment, target, value, Secrecy.SECRET)

    def _set_phase(self, connection: Connection, rotation: Rotation, phase: Phase, *, held: bool = False) -> None:
        change = update(ROTATIONS).where(*_rotation_row(rotation))
        connection.execute(change.values(phase=phase.value, since=self.database.clock(), held=held))

    def _under_way(self, connection: Connection, name: str, environment: str, phase: Phase | None) -> Rotation:
        query = select(ROTATIONS).where(ROTATIONS.c.name == name, ROTATIONS.c.environment == environment)
        row = connection.execute(query).mappings().one_or_none()
        if row is None:
            raise RotationError(
                f"{name} is not being rotated in {environment}", hint=f"begin: wicket env rotate {name}"
            )
        rotation = _rotation(row)
        if phase is not None and rotation.phase is not phase:
            raise RotationError(f"the rotation of {name} is {rotation.phase}, not {phase}", hint="see --status")
        return rotation

    def _refuse_during_rotation(self, connection: Connection, name: str, environment: str) -> None:
        query = select(ROTATIONS.c.phase).where(ROTATIONS.c.name == name, ROTATIONS.c.environment == environment)
        if connection.scalar(query) is not None:
            raise RotationError(
                f"{name} is being rotated in {environment}", hint=f"let it end, or: wicket env rotate {name} --rollback"
            )

    def _put(
        self, connection: Connection, name: str, environment: str, slot: str, value: SecretValue, secrecy: Secrecy
    ) -> None:
        sealed = self.database.sealer.seal(value, (environment, name, slot))
        connection.execute(delete(VARIABLES).where(*_row(name, environment, slot)))
        connection.execute(
            insert(VARIABLES).values(
                environment=environment,
                name=name,
                slot=slot,
                secrecy=secrecy.value,
                key_id=sealed.key_id,
                box=sealed.box,
                changed_at=self.database.clock(),
            )
        )

    def _value(self, connection: Connection, name: str, environment: str, slot: str) -> SecretValue | None:
        row = connection.execute(select(VARIABLES).where(*_row(name, environment, slot))).mappings().one_or_none()
        return None if row is None else self._open(row)

    def _open(self, row: Any) -> SecretValue:
        return self.database.sealer.open(
            Sealed(row["key_id"], row["box"]), (row["environment"], row["name"], row["slot"])
        )

    def _entry(self, row: Any) -> Entry:
        secrecy = Secrecy(row["secrecy"])
        shown = self._open(row).reveal() if secrecy is Secrecy.PLAIN else None
        return Entry(row["name"], row["environment"], secrecy, shown, row["changed_at"])


def _tell_guard(rotation: Rotation, accepted: list[SecretValue]) -> None:
    if rotation.guard_file is not None:
        write_guard_file(rotation.guard_file, accepted)


def _row(name: str, environment: str, slot: str | None = None) -> list[Any]:
    where = [VARIABLES.c.name == name, VARIABLES.c.environment == environment]
    return where if slot is None else [*where, VARIABLES.c.slot == slot]


def _rotation_row(rotation: Rotation) -> list[Any]:
    return [ROTATIONS.c.name == rotation.name, ROTATIONS.c.environment == rotation.environment]


def _columns(rotation: Rotation) -> dict[str, Any]:
    return {column.name: getattr(rotation, column.name) for column in ROTATIONS.columns}


def _rotation(row: Any) -> Rotation:
    return Rotation(**{**row, "phase": Phase(row["phase"])})
