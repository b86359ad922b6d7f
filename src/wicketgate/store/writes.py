"""How often the database was written to, cheaply enough to ask thirty times a second."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, field
from threading import Lock

from sqlalchemy import Engine, PoolProxiedConnection
from sqlalchemy.exc import SQLAlchemyError


@dataclass(slots=True)
class Writes:
    """Keeps a connection that never writes: SQLite tells it, without a query, whether any other has written.

    It is the driver's own, for SQLAlchemy would take four times as long as SQLite. Outside a transaction, which the
    driver begins for changes only, a look leaves nothing open.
    Source: https://www.sqlite.org/pragma.html#pragma_data_version
    """

    engine: Engine = field(repr=False)
    _alone: Lock = field(default_factory=Lock, repr=False)
    _connection: PoolProxiedConnection | None = field(default=None, repr=False)
    _seen: int | None = None
    _count: int = 0

    def count(self) -> int:
        """Return a number that grows with every write, by whichever process.

        Raises `SQLAlchemyError`, `sqlite3.Error`.
        """
        with self._alone:
            try:
                return self._asked()
            except (SQLAlchemyError, sqlite3.Error):
                self._let_go()
                raise

    def _asked(self) -> int:
        if self._connection is None:
            self._connection = self.engine.raw_connection()
        cursor = self._connection.cursor()
        # Before the count is read: a write between the two is seen again at the next look.
        (version,) = cursor.execute("PRAGMA data_version").fetchone()
        if version != self._seen:
            (self._count,) = cursor.execute("SELECT sequence FROM changes").fetchone() or (0,)
            self._seen = version
        cursor.close()
        return self._count

    def _let_go(self) -> None:
        """The next look begins anew: a version means something to its own connection only."""
        if self._connection is not None:
            self._connection.invalidate()
        self._connection, self._seen = None, None
