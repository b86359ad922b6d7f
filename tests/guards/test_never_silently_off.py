"""Without a usable secret a guarded server does not start, or refuses everything."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.guards.contract import HEADER, ask, assert_problem
from tests.guards.stands import STANDS
from tests.guards.stands.base import Stand, StartError

# What a request could match by accident: an absent header, an empty one, what an empty digest or a
# placeholder that nobody replaced would look like.
_TRIES = (
    "",
    "-",
    "null",
    "undefined",
    "none",
    "0",
    "${WICKETGATE_GUARD_CURRENT}",
    "{file./guard-secret}",
    "short",
)

_UNUSABLE: dict[str, Sequence[str] | None] = {
    "no-file": None,
    "empty-file": (),
    "empty-secret": ("",),
    "two-empty-secrets": ("", ""),
    "short-secret": ("short",),
}


@pytest.mark.parametrize("name", STANDS)
@pytest.mark.parametrize("secrets", _UNUSABLE.values(), ids=list(_UNUSABLE))
def test_unusable_secret(name: str, secrets: Sequence[str] | None, tmp_path: Path) -> None:
    reason = _refuses_to_start(STANDS[name], tmp_path, secrets)
    # Ended because of the secret, not for a reason of the test's own.
    assert reason == "" or ("guard-secret" in reason and "no connection within" not in reason)


def _refuses_to_start(stand: Stand, folder: Path, secrets: Sequence[str] | None) -> str:
    """Why it did not start; empty when it did and refused whatever it was asked."""
    try:
        with stand(folder, mode="enforce", secrets=secrets) as port:
            assert_problem(ask(port))
            for value in _TRIES:
                assert_problem(ask(port, ((HEADER, value),)))
    except StartError as ended:
        return str(ended)
    return ""
