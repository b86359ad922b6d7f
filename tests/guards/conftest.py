"""One guarded server at a time, shared by all tests that only ask it things."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.guards.contract import CURRENT, NEXT
from tests.guards.stands import STANDS


@dataclass(frozen=True, slots=True)
class Served:
    """A running guarded server: its port, and the folder with its files and logs."""

    port: int
    folder: Path


@pytest.fixture(scope="session", params=list(STANDS))
def stand_name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="session")
def enforcing(stand_name: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("enforce")
    with STANDS[stand_name](folder, mode="enforce", secrets=(CURRENT, NEXT)) as port:
        yield Served(port, folder)


@pytest.fixture(scope="session")
def observing(stand_name: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("observe")
    with STANDS[stand_name](folder, mode="observe", secrets=(CURRENT, NEXT)) as port:
        yield Served(port, folder)
