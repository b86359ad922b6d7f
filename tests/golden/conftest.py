"""`--update-golden` rewrites the expected outputs and removes those that nothing makes any more."""

from __future__ import annotations

import pytest


@pytest.fixture
def update(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--update-golden"))
