"""Every guard against the one table, on real servers and sockets."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.guards.contract import CURRENT, NEXT, ROWS, Row, ask, assert_header_unseen, assert_problem
from tests.guards.stands import STANDS
from tests.guards.stands.base import Stand


@pytest.fixture(scope="module", params=STANDS, ids=list(STANDS))
def stand(request: pytest.FixtureRequest) -> Stand:
    return STANDS[request.param]


@pytest.fixture(scope="module")
def enforcing(stand: Stand, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with stand(tmp_path_factory.mktemp("enforce"), mode="enforce", secrets=(CURRENT, NEXT)) as port:
        yield port


@pytest.fixture(scope="module")
def observing(stand: Stand, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with stand(tmp_path_factory.mktemp("observe"), mode="observe", secrets=(CURRENT, NEXT)) as port:
        yield port


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_enforce(enforcing: int, row: Row) -> None:
    answer = ask(enforcing, row.fields)
    assert answer.status in row.answers
    if answer.status == 401:
        assert_problem(answer)
    if answer.status == 200:
        assert_header_unseen(answer)
    assert CURRENT.encode() not in answer.body


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_observe_lets_through(observing: int, row: Row) -> None:
    answer = ask(observing, row.fields)
    if answer.status != 400:
        assert_header_unseen(answer)
