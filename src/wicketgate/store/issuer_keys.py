"""The issuer's keys, sealed, and the name of the installation."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, RowMapping, delete, insert, select, update

from wicketgate.issuer.keys import Algorithm, SigningKey, new_key
from wicketgate.issuer.rotation import NEVER, KeyInService, Plan, Schedule, Standing, plan
from wicketgate.store.database import Database
from wicketgate.store.schema import INSTALLATION, ISSUER_KEYS
from wicketgate.store.sealing import Sealed

_NAME_BYTES = 8


@dataclass(frozen=True, slots=True)
class IssuerKeys:
    """One set of keys for each environment, which verifiers thus tell apart by signature and not by a claim alone."""

    database: Database
    environment: str

    def installation(self) -> str:
        """Return the name of this installation, made once by chance."""
        with self.database.read() as connection:
            found = connection.scalar(select(INSTALLATION.c.name))
        if found is not None:
            return str(found)
        with self.database.write() as connection:
            found = connection.scalar(select(INSTALLATION.c.name))
            if found is None:
                found = secrets.token_hex(_NAME_BYTES)
                connection.execute(insert(INSTALLATION).values(id=1, name=found))
        return str(found)

    def keys(self) -> tuple[KeyInService, ...]:
        """Return all keys that are published, the one that signs first."""
        with self.database.read() as connection:
            return self._keys(connection)

    def advance(self, schedule: Schedule, algorithm: Algorithm) -> float:
        """Do what is due; return when the next step is. A key of another algorithm is replaced like one of age."""
        self._bring_back()
        due = self._plan(self.keys(), schedule, algorithm)
        while not due.is_empty:
            with self.database.write() as connection:
                self._apply(connection, self._plan(self._keys(connection), schedule, algorithm), algorithm)
            due = self._plan(self.keys(), schedule, algorithm)
        return due.at

    def _bring_back(self) -> None:
        """What is said to have begun later than now, by a clock that was wrong, begins now."""
        now = self.database.clock()
        later = (ISSUER_KEYS.c.environment == self.environment) & (ISSUER_KEYS.c.since > now)
        if any(now < each.since < NEVER for each in self.keys()):
            with self.database.write() as connection:
                connection.execute(update(ISSUER_KEYS).where(later, ISSUER_KEYS.c.since < NEVER).values(since=now))

    def note_published(self, kid: str) -> None:
        """Let the time of this key run, if it is the next one: from now on verifiers can fetch it."""
        unknown = self._update(Standing.NEXT).where(ISSUER_KEYS.c.kid == kid, ISSUER_KEYS.c.since == NEVER)
        with self.database.write() as connection:
            connection.execute(unknown.values(since=self.database.clock()))

    def rotate(self, *, now: bool = False) -> None:
        """Ask for the next key: as soon as it has been published long enough, or at once."""
        with self.database.write() as connection:
            if now:
                self._promote(connection, self._standing(connection, Standing.NEXT))
            else:
                connection.execute(self._update(Standing.CURRENT).values(asked=True))

    def _plan(self, keys: tuple[KeyInService, ...], schedule: Schedule, algorithm: Algorithm) -> Plan:
        asked = any(each.asked or each.key.algorithm is not algorithm for each in keys if _signs(each))
        coming = tuple(each for each in keys if each.standing is Standing.NEXT and each.key.algorithm is not algorithm)
        found = plan(keys, schedule, now=self.database.clock(), asked=asked)
        if coming:
            return Plan(forget=tuple(each.key for each in coming))
        return found

    def _apply(self, connection: Connection, due: Plan, algorithm: Algorithm) -> None:
        for key in due.forget:
            connection.execute(delete(ISSUER_KEYS).where(self._is(key.kid)))
        if due.promote is not None:
            self._promote(connection, due.promote.kid)
        for needed, standing in ((due.needs_current, Standing.CURRENT), (due.needs_next, Standing.NEXT)):
            if needed:
                self._add(connection, new_key(algorithm), standing)

    def _promote(self, connection: Connection, kid: str | None) -> None:
        if kid is None:
            return
        now = self.database.clock()
        connection.execute(
            self._update(Standing.CURRENT).values(standing=Standing.PREVIOUS.value, since=now, asked=False)
        )
        connection.execute(
            update(ISSUER_KEYS).where(self._is(kid)).values(standing=Standing.CURRENT.value, since=now, asked=False)
        )

    def _add(self, connection: Connection, key: SigningKey, standing: Standing) -> None:
        sealed = self.database.sealer.seal(key.private, self._place(key.kid))
        connection.execute(
            insert(ISSUER_KEYS).values(
                environment=self.environment,
                kid=key.kid,
                algorithm=key.algorithm.value,
                standing=standing.value,
                since=NEVER if standing is Standing.NEXT else self.database.clock(),
                asked=False,
                public=json.dumps(key.public),
                key_id=sealed.key_id,
                box=sealed.box,
            )
        )

    def _keys(self, connection: Connection) -> tuple[KeyInService, ...]:
        rows = connection.execute(select(ISSUER_KEYS).where(ISSUER_KEYS.c.environment == self.environment)).mappings()
        order = [Standing.CURRENT, Standing.NEXT, Standing.PREVIOUS]
        return tuple(sorted(map(self._opened, rows), key=lambda each: (order.index(each.standing), -each.since)))

    def _opened(self, row: RowMapping) -> KeyInService:
        private = self.database.sealer.open(Sealed(row["key_id"], row["box"]), self._place(row["kid"]))
        key = SigningKey(row["kid"], Algorithm(row["algorithm"]), json.loads(row["public"]), private)
        return KeyInService(key, Standing(row["standing"]), row["since"], asked=row["asked"])

    def _standing(self, connection: Connection, standing: Standing) -> str | None:
        return next((each.key.kid for each in self._keys(connection) if each.standing is standing), None)

    def _update(self, standing: Standing) -> Any:
        return update(ISSUER_KEYS).where(
            ISSUER_KEYS.c.environment == self.environment, ISSUER_KEYS.c.standing == standing.value
        )

    def _is(self, kid: str) -> Any:
        return (ISSUER_KEYS.c.environment == self.environment) & (ISSUER_KEYS.c.kid == kid)

    def _place(self, kid: str) -> tuple[str, ...]:
        return ("issuer", kid, self.environment)


def _signs(each: KeyInService) -> bool:
    return each.standing is Standing.CURRENT
