"""One gateway in front of a function, for all tests of a file."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.gateway import Gateway
from tests.support.lambda_gateway import Function, Shared, serving_lambda


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shared]:
    with serving_lambda(tmp_path_factory.mktemp("lambda")) as found:
        yield found


@pytest.fixture
def gateway(shared: Shared) -> Gateway:
    return shared[0]


@pytest.fixture
def function(shared: Shared) -> Function:
    found = Function()
    shared[1].reply = found.reply
    return found
