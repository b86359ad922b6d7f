"""The complement of a set of header names, against Python's own sets."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from wicketgate.envoy.name_regex import any_name_but

NAMES = st.text(alphabet="ab-^.", min_size=1, max_size=5)


@given(st.sets(NAMES, max_size=6), st.lists(NAMES, max_size=20))
def test_it_matches_what_is_not_in_the_set(refused: set[str], names: list[str]) -> None:
    expression = re.compile(any_name_but(refused))
    near = [name + "a" for name in refused] + [name[:-1] for name in refused if len(name) > 1]
    for name in (*names, *refused, *near):
        assert bool(expression.fullmatch(name)) is (name not in refused), (refused, name)


def test_pseudo_headers_are_left_alone() -> None:
    assert not re.fullmatch(any_name_but(["a"]), ":path")
