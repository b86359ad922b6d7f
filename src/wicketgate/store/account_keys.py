"""Keys of our accounts with ACME authorities, sealed."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import insert, select

from wicketgate.secret_value import SecretValue
from wicketgate.store.database import Database
from wicketgate.store.schema import ACCOUNT_KEYS
from wicketgate.store.sealing import Sealed


def account_key(database: Database, directory: str, *, make: Callable[[], SecretValue]) -> SecretValue:
    """Return the key of our account with the authority of this directory, making it when there is none."""
    place = ("account key", directory)
    with database.write() as connection:
        row = connection.execute(select(ACCOUNT_KEYS).where(ACCOUNT_KEYS.c.directory == directory)).mappings().first()
        if row is not None:
            return database.sealer.open(Sealed(row["key_id"], row["box"]), place)
        key = make()
        sealed = database.sealer.seal(key, place)
        connection.execute(insert(ACCOUNT_KEYS).values(directory=directory, key_id=sealed.key_id, box=sealed.box))
        return key
