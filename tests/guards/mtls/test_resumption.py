"""No session that somebody kept skips the check: not an allowed one, not one of an ungated name (threat D18)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.guards.mtls.client import BOTH, Outcome, Version, attempt, context
from tests.guards.mtls.conftest import Door
from tests.guards.mtls.credentials import Credentials
from tests.guards.mtls.neighbours import BUILDERS, ELSEWHERE, OPEN, Street
from tests.guards.mtls.stands import MTLS_STANDS
from tests.guards.stands.base import free_port

# One listener cannot check some names and not others there, so the neighbours have ports of their own.
_APART = ("haproxy",)
# The others know one switch for all names of a listener, and the printed text has turned it off.
_NEIGHBOURS_RESUME = ("caddy", "envoy", "haproxy")
_NEIGHBOURS_ANSWER = (200, 204)


@pytest.mark.parametrize("version", BOTH)
def test_an_allowed_connection_leaves_nothing_to_resume(door: Door, version: Version) -> None:
    through = context(door.credentials.accepted["right"], version)
    first = attempt(door.port, through)
    again = attempt(door.port, through, session=first.session)
    only_new = version == Version.TLSv1_2 and door.stand.name in ("hypercorn", "uvicorn")
    assert first.status == again.status == (None if only_new else 200)
    assert not again.resumed


@pytest.mark.parametrize("version", BOTH)
@pytest.mark.parametrize("name", ["sibling", "no-name"])
def test_a_refused_connection_stays_refused(door: Door, name: str, version: Version) -> None:
    through = context(door.credentials.refused[name], version)
    session = attempt(door.port, through).session
    assert attempt(door.port, through, session=session).status in (None, 401)


@dataclass(frozen=True, slots=True)
class Block:
    """A guarded server with neighbours; `port` is the guarded one."""

    name: str
    port: int
    street: Street
    credentials: Credentials


@pytest.fixture(scope="module", params=list(BUILDERS))
def block(
    request: pytest.FixtureRequest, credentials: Credentials, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Block]:
    name: str = request.param
    folder = tmp_path_factory.mktemp(f"{name}-neighbours")
    streets: list[Street] = []

    def amend(text: str, port: int) -> str:
        apart = name in _APART
        streets.append(
            Street(
                open_port=free_port() if apart else port,
                elsewhere_port=free_port() if apart else port,
                certificate=folder / "certificate.pem",
                key=folder / "key.pem",
                other_ca=credentials.other_ca,
            )
        )
        return BUILDERS[name](text, streets[0])

    with MTLS_STANDS[name](folder, credentials, amend=amend) as port:
        yield Block(name, port, streets[0], credentials)


@pytest.mark.parametrize("version", BOTH)
def test_a_session_of_an_open_name(block: Block, version: Version) -> None:
    through = context(None, version)
    kept = attempt(block.street.open_port, through, name=OPEN)
    assert kept.status in _NEIGHBOURS_ANSWER
    again = attempt(block.street.open_port, through, name=OPEN, session=kept.session)
    assert again.resumed == (block.name in _NEIGHBOURS_RESUME)
    _assert_kept_out(attempt(block.port, through, session=kept.session))


@pytest.mark.parametrize("version", BOTH)
def test_a_session_that_another_authority_vouched_for(block: Block, version: Version) -> None:
    # The certificate has our gateway's name. Only the handshake knows that its authority is not ours.
    through = context(block.credentials.elsewhere, version)
    kept = attempt(block.street.elsewhere_port, through, name=ELSEWHERE)
    assert kept.status in _NEIGHBOURS_ANSWER
    _assert_kept_out(attempt(block.port, through, session=kept.session))


@pytest.mark.parametrize("host", ["origin.test", "localhost", "127.0.0.1"])
def test_a_neighbours_connection_does_not_reach_the_application(block: Block, host: str) -> None:
    _assert_kept_out(attempt(block.street.open_port, context(None), name=OPEN, host=host))
    through = context(block.credentials.elsewhere)
    _assert_kept_out(attempt(block.street.elsewhere_port, through, name=ELSEWHERE, host=host))


def test_the_gateway_gets_in_beside_neighbours(block: Block) -> None:
    assert attempt(block.port, context(block.credentials.accepted["right"])).status == 200


@pytest.mark.parametrize(
    ("name", "printed", "cache"),
    [
        ("apache", "SSLSessionCache none", "SSLSessionCache shmcb:cache(512000)"),
        ("haproxy", "tune.ssl.cachesize 0", "tune.ssl.cachesize 20000"),
    ],
)
@pytest.mark.parametrize("version", BOTH)
def test_a_cache_of_the_whole_process(
    name: str, printed: str, cache: str, version: Version, credentials: Credentials, tmp_path: Path
) -> None:
    with MTLS_STANDS[name](tmp_path, credentials, amend=lambda text, _: text.replace(printed, cache)) as port:
        through = context(credentials.accepted["right"], version)
        first = attempt(port, through)
        again = attempt(port, through, session=first.session)
    assert (first.status, again.status, again.resumed) == (200, 401, True)


def _assert_kept_out(outcome: Outcome) -> None:
    assert b'"names"' not in outcome.body
    assert outcome.status in (None, 401, 421, *_NEIGHBOURS_ANSWER)
