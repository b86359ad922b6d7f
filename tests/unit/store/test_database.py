"""Several processes on one state see each other's writes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import text

from wicketgate.store import StoreError, open_database

_WRITE = """
import sys
from pathlib import Path
from wicketgate.store import open_database
with open_database(Path(sys.argv[1])).write():
    pass
"""


def test_a_state_opened_twice_still_sees_what_others_write(tmp_path: Path) -> None:
    first, second = open_database(tmp_path), open_database(tmp_path)
    began = first.sequence()
    with first.write():
        pass
    # A third opening, while the others hold theirs, as `certificates` does beside `variables`.
    open_database(tmp_path)
    for number in range(2, 5):
        subprocess.run([sys.executable, "-c", _WRITE, str(tmp_path)], check=True, timeout=30)
        assert (first.sequence(), second.sequence()) == (began + number, began + number)


def test_a_look_at_the_writes_leaves_no_transaction_open(tmp_path: Path) -> None:
    database = open_database(tmp_path)
    database.sequence()
    with database.write():
        pass
    with database.engine.connect() as connection:
        busy, written, moved = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()
    assert (busy, written, moved) == (0, 0, 0)


def test_a_state_that_cannot_be_read_is_looked_at_anew(tmp_path: Path) -> None:
    database = open_database(tmp_path)
    began = database.sequence()
    with database.engine.begin() as connection:
        connection.execute(text("ALTER TABLE changes RENAME TO elsewhere"))
    with pytest.raises(StoreError, match="cannot read the state"):
        database.sequence()
    with database.engine.begin() as connection:
        connection.execute(text("ALTER TABLE elsewhere RENAME TO changes"))
    with database.write():
        pass
    assert database.sequence() == began + 1


def test_the_files_are_private_from_the_start(tmp_path: Path) -> None:
    database = open_database(tmp_path)
    with database.write():
        pass
    modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.glob("state.db*")}
    assert set(modes.values()) == {0o600}
