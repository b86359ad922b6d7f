"""One guarded server at a time, shared by all tests that only knock at its door."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.guards.mtls.credentials import Credentials, make_credentials
from tests.guards.mtls.stands import MTLS_STANDS, MtlsStand


@dataclass(frozen=True, slots=True)
class Door:
    """A running server with a printed configuration, and what one can come to it with."""

    stand: MtlsStand
    port: int
    folder: Path
    credentials: Credentials


@pytest.fixture(scope="session")
def credentials(tmp_path_factory: pytest.TempPathFactory) -> Credentials:
    return make_credentials(tmp_path_factory.mktemp("credentials"))


@pytest.fixture(scope="module", params=list(MTLS_STANDS))
def door(
    request: pytest.FixtureRequest, credentials: Credentials, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Door]:
    stand = MTLS_STANDS[request.param]
    folder = tmp_path_factory.mktemp(stand.name)
    with stand(folder, credentials) as port:
        yield Door(stand, port, folder, credentials)
