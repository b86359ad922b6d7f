"""How often the database was written to, cheaply enough to ask thirty times a second."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from threading import Lock

from sqlalchemy import Connection, Engine, select
from sqlalchemy.exc import SQLAlchemyError

from wicketgate.store.schema import CHANGES


@dataclass(slots=True)
class Writes:
    """Keeps a connection that never writes: SQLite tells it, without a query, whether any other has written.

    Source: https://www.sqlite.org/pragma.html#pragma_data_version
    """

    engine: Engine = field(repr=False)
    _alone: Lock = field(default_factory=Lock, repr=False)
    _connection: Connection | None = field(default=None, repr=False)
    _seen: int | None = None
    _count: int = 0

    def count(self) -> int:
        """Return a number that grows with every write, by whichever process. Raises `SQLAlchemyError`."""
        with self._alone:
            try:
                return self._asked()
            except SQLAlchemyError:
                self._let_go()
                raise

    def _asked(self) -> int:
        if self._connection is None:
            # On its own, for it has no transactions: a look leaves nothing open.
            self._connection = self.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        # Before the count is read: a write between the two is seen again at the next look.
        version = self._connection.exec_driver_sql("PRAGMA data_version").scalar()
        if version != self._seen:
            self._count = self._connection.scalar(select(CHANGES.c.sequence)) or 0
            self._seen = version
        return self._count

    def _let_go(self) -> None:
        """The next look begins anew: a version means something to its own connection only."""
        connection, self._connection, self._seen = self._connection, None, None
        with suppress(SQLAlchemyError):
            if connection is not None:
                connection.invalidate()
                connection.close()
