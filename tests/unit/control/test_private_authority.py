"""The control plane keeps the private authority."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from wicketgate.control.private_authority import AuthorityKeeper
from wicketgate.private_ca import PrivateCa
from wicketgate.store.database import Database, open_database

pytestmark = pytest.mark.anyio
HOUR = 3600.0


@dataclass
class Clock:
    now: float = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def database(tmp_path: Path, clock: Clock) -> Database:
    return open_database(tmp_path, clock=clock)


def _serial(database: Database) -> str:
    state = PrivateCa(database).state()
    assert state is not None
    return state.latest()["billing"].serial


async def test_what_is_due_is_done(database: Database, clock: Clock) -> None:
    keeper = AuthorityKeeper(lambda: database, clock=clock)
    await keeper.look()
    PrivateCa(database).init()
    PrivateCa(database).issue("billing", "production", life=3 * HOUR)
    first = _serial(database)
    await keeper.look()
    assert _serial(database) == first
    clock.now += 2 * HOUR
    await keeper.look()
    assert _serial(database) != first


async def test_no_store_is_no_trouble() -> None:
    keeper = AuthorityKeeper(lambda: None)
    await keeper.look()
    assert (keeper.problem, await keeper.published()) == ("", None)


async def test_trouble_is_told_and_gone_when_it_is(
    database: Database, clock: Clock, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    PrivateCa(database).init()
    (tmp_path / "other").mkdir()
    sealed_otherwise = replace(database, sealer=open_database(tmp_path / "other").sealer)
    opened = [sealed_otherwise]
    keeper = AuthorityKeeper(lambda: opened[0], clock=clock)
    await keeper.look()
    await keeper.look()
    assert "sealed with another key" in keeper.problem
    assert caplog.text.count("cannot keep the private authority") == 1
    opened[0] = database
    await keeper.look()
    assert keeper.problem == ""
