"""The issuer's keys in the store, by a clock that the test turns."""

from __future__ import annotations

from pathlib import Path

import pytest

from wicketgate.issuer.keys import Algorithm, SigningKey
from wicketgate.issuer.rotation import DAY, NEVER, Schedule, Standing
from wicketgate.store.database import Database, open_database
from wicketgate.store.issuer_keys import IssuerKeys
from wicketgate.store.schema import ISSUER_KEYS
from wicketgate.store.sealing import SealError

SCHEDULE = Schedule.for_tokens(30 * DAY, DAY)


class Clock:
    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def database(tmp_path: Path, clock: Clock) -> Database:
    return open_database(tmp_path, clock=clock)


@pytest.fixture
def keys(database: Database) -> IssuerKeys:
    return IssuerKeys(database, "production")


def _by_standing(keys: IssuerKeys) -> dict[Standing, SigningKey]:
    found = keys.keys()
    return {each.standing: each.key for each in found}


def _kids(keys: IssuerKeys) -> dict[Standing, str]:
    return {standing: key.kid for standing, key in _by_standing(keys).items()}


def _advance(keys: IssuerKeys, algorithm: Algorithm = Algorithm.ES256) -> float:
    return keys.advance(SCHEDULE, algorithm)


def test_a_roll_on_command_waits_for_the_caches(keys: IssuerKeys, clock: Clock) -> None:
    _advance(keys)
    keys.note_published(_kids(keys)[Standing.NEXT])
    before = _kids(keys)
    keys.rotate()
    assert _advance(keys) == clock.now + DAY
    assert _kids(keys) == before
    clock.now += DAY
    _advance(keys)
    after = _kids(keys)
    assert (after[Standing.CURRENT], after[Standing.PREVIOUS]) == (before[Standing.NEXT], before[Standing.CURRENT])
    assert after[Standing.NEXT] not in before.values()


def test_a_key_that_nobody_can_fetch_never_signs(keys: IssuerKeys, clock: Clock) -> None:
    _advance(keys)
    before = _kids(keys)
    keys.rotate()
    clock.now += 40 * DAY
    assert _advance(keys) == NEVER
    assert _kids(keys) == before
    keys.note_published(_kids(keys)[Standing.NEXT])
    clock.now += DAY - 1
    _advance(keys)
    keys.note_published(_kids(keys)[Standing.NEXT])
    assert _kids(keys) == before
    clock.now += 1
    _advance(keys)
    assert _kids(keys)[Standing.CURRENT] == before[Standing.NEXT]


def test_a_clock_that_was_a_year_ahead_delays_nothing(keys: IssuerKeys, clock: Clock) -> None:
    clock.now += 365 * DAY
    _advance(keys)
    keys.note_published(_kids(keys)[Standing.NEXT])
    clock.now -= 365 * DAY
    assert _advance(keys) == clock.now + 30 * DAY
    assert {each.since for each in keys.keys()} == {clock.now}  # noqa: SIM118 - no mapping
    before = _kids(keys)
    keys.rotate()
    clock.now += DAY - 1
    _advance(keys)
    assert _kids(keys) == before
    clock.now += 1
    _advance(keys)
    assert _kids(keys)[Standing.CURRENT] == before[Standing.NEXT]


def test_what_was_never_published_is_not_by_a_clock_that_is_set_back(keys: IssuerKeys, clock: Clock) -> None:
    _advance(keys)
    clock.now -= DAY
    _advance(keys)
    assert keys.keys()[1].since == NEVER


def test_one_command_is_one_roll(keys: IssuerKeys, clock: Clock) -> None:
    _advance(keys)
    keys.note_published(_kids(keys)[Standing.NEXT])
    keys.rotate()
    clock.now += DAY
    _advance(keys)
    signs = _kids(keys)[Standing.CURRENT]
    clock.now += 2 * DAY
    _advance(keys)
    assert _kids(keys)[Standing.CURRENT] == signs


def test_at_once_is_at_once(keys: IssuerKeys) -> None:
    _advance(keys)
    before = _kids(keys)
    keys.rotate(now=True)
    assert _kids(keys)[Standing.CURRENT] == before[Standing.NEXT]


def test_a_previous_key_is_forgotten_in_time(keys: IssuerKeys, clock: Clock) -> None:
    _advance(keys)
    first = _kids(keys)[Standing.CURRENT]
    keys.rotate(now=True)
    clock.now += SCHEDULE.keep_after - 1
    _advance(keys)
    assert first in _kids(keys).values()
    clock.now += 1
    _advance(keys)
    assert first not in _kids(keys).values()


def test_another_algorithm_comes_as_a_roll_does(keys: IssuerKeys, clock: Clock) -> None:
    """The old key signs on until verifiers have had the time to learn the new one."""
    _advance(keys)
    old = _kids(keys)[Standing.CURRENT]
    _advance(keys, Algorithm.RS256)
    assert {standing: key.algorithm for standing, key in _by_standing(keys).items()} == {
        Standing.CURRENT: Algorithm.ES256,
        Standing.NEXT: Algorithm.RS256,
    }
    assert _kids(keys)[Standing.CURRENT] == old
    keys.note_published(_kids(keys)[Standing.NEXT])
    clock.now += DAY
    _advance(keys, Algorithm.RS256)
    assert keys.keys()[0].key.algorithm is Algorithm.RS256


def test_environments_share_no_key(keys: IssuerKeys, database: Database) -> None:
    other = IssuerKeys(database, "preview")
    _advance(keys)
    _advance(other)
    assert not set(_kids(keys).values()) & set(_kids(other).values())
    assert keys.installation() == other.installation()


def test_private_keys_are_sealed_to_their_place(keys: IssuerKeys, database: Database, tmp_path: Path) -> None:
    _advance(keys)
    content = b"".join(path.read_bytes() for path in tmp_path.glob("state.db*"))
    for key in _by_standing(keys).values():
        assert key.private.reveal().splitlines()[1].encode() not in content
    with database.write() as connection:
        connection.execute(
            ISSUER_KEYS.update().where(ISSUER_KEYS.c.standing == "current").values(environment="preview")
        )
    with pytest.raises(SealError):
        IssuerKeys(database, "preview").keys()


def test_an_installation_has_one_name_for_ever(keys: IssuerKeys, tmp_path: Path) -> None:
    name = keys.installation()
    assert IssuerKeys(open_database(tmp_path), "production").installation() == name
    assert name != IssuerKeys(open_database(tmp_path / "other"), "production").installation()
