"""The database of an installation's state, SQLite by default: opening it, and transactions."""

from __future__ import annotations

import fcntl
import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, insert, select, update
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from wicketgate.errors import WicketError
from wicketgate.store.key import read_key
from wicketgate.store.schema import CHANGES, METADATA, VERSION
from wicketgate.store.sealing import Sealer
from wicketgate.store.writes import Writes


class StoreError(WicketError):
    """The state cannot be read or written."""

    exit_code = 3


@dataclass(frozen=True, slots=True)
class Database:
    """Every write is one transaction; writers wait for one another."""

    engine: Engine = field(repr=False)
    sealer: Sealer
    clock: Callable[[], float]
    writes: Writes = field(repr=False)

    def sequence(self) -> int:
        """Return a number that grows with every write, by whichever process. Cheap enough to poll."""
        with _reading():
            return self.writes.count()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        with _reading(), self.engine.connect() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        try:
            with self.engine.begin() as connection:
                # Writing first takes the lock at once: no transaction reads what another is about to change.
                connection.execute(update(CHANGES).values(sequence=CHANGES.c.sequence + 1))
                yield connection
        except SQLAlchemyError as error:
            raise StoreError(
                f"cannot write the state: {_reason(error)}", hint="check the disk and the folder"
            ) from None


def open_database(state: Path, *, key: str | None = None, clock: Callable[[], float] = time.time) -> Database:
    """Open the state in the folder `state`, making it if there is none.

    `key` is the sealing key in base64, if it comes from the environment. Raises `StoreError`, `KeyUnusableError`.
    """
    file = state / "state.db"
    try:
        state.mkdir(mode=0o700, parents=True, exist_ok=True)
        _create_private(file)
        sealer = Sealer(read_key(state / "key", key))
        engine = create_engine(f"sqlite:///{file}", connect_args={"timeout": 10})
        event.listen(engine, "connect", _prepare_sqlite)
        with _alone_in(state):
            _create(engine)
    except (OSError, SQLAlchemyError) as error:
        raise StoreError(f"cannot open the state in {state}: {_reason(error)}", hint="check the folder") from None
    return Database(engine, sealer, clock, Writes(engine))


@contextmanager
def _reading() -> Iterator[None]:
    try:
        yield
    except (SQLAlchemyError, sqlite3.Error) as error:
        raise StoreError(f"cannot read the state: {_reason(error)}", hint="check the disk and the folder") from None


def _create_private(file: Path) -> None:
    """Make the file unless it is there; SQLite gives its side files the same mode.

    One that is there must not be opened: closing it again would end every lock that this process has on it (POSIX
    locks), and the next process to leave would take the write-ahead log away from under it.
    """
    with suppress(FileExistsError):
        os.close(os.open(file, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))


@contextmanager
def _alone_in(state: Path) -> Iterator[None]:
    """Wait until no other process makes the tables of this state."""
    folder = os.open(state, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def _reason(error: Exception) -> str:
    if isinstance(error, OSError):
        return error.strerror or "input or output failed"
    if isinstance(error, sqlite3.Error):
        return str(error)
    return str(getattr(error, "orig", None) or type(error).__name__)


def _prepare_sqlite(connection: Any, _: Any) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA secure_delete=ON")
    cursor.close()


def _create(engine: Engine) -> None:
    METADATA.create_all(engine)
    try:
        with engine.begin() as connection:
            connection.execute(insert(CHANGES).values(id=1, schema_version=VERSION, sequence=0))
    except IntegrityError:
        pass  # another process, or an earlier run, has made the row
    with engine.connect() as connection:
        version = connection.scalar(select(CHANGES.c.schema_version))
    if version != VERSION:
        raise StoreError(
            f"the state has schema {version}, this version reads {VERSION}", hint="use the version that wrote it"
        )
