"""`$env(NAME)`: reading it, and keeping values out of messages."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import PydanticCustomError

from tests.support.variables import GivenVariables
from wicketgate.ir.secrets import VariableRef
from wicketgate.spec.variables import VariableScope, split_env_calls

PLAIN = st.text(alphabet="ab $()nev", max_size=12).filter(lambda text: "$env(" not in text)


@given(st.lists(st.tuples(PLAIN, st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,5}", fullmatch=True)), max_size=4))
def test_calls_are_found_where_they_stand(pairs: list[tuple[str, str]]) -> None:
    text = "".join(f"{before}$env({name})" for before, name in pairs)
    parts = split_env_calls(text)
    assert "".join(part if isinstance(part, str) else f"$env({part.name})" for part in parts) == text
    assert [part.name for part in parts if isinstance(part, VariableRef)] == [name for _, name in pairs]


@pytest.mark.parametrize("text", ["$env(", "$env()", "$env(A", "$env(1A)", "$env(A-B)", "$env(A, x)", "$env($env(A))"])
def test_calls_that_are_none(text: str) -> None:
    with pytest.raises(PydanticCustomError, match="is not"):
        split_env_calls(text)


def test_values_are_masked_in_any_case_but_not_plain_ones() -> None:
    scope = VariableScope(GivenVariables(unmarked={"A": "Hidden-Value"}, plain={"B": "shown-value"}))
    scope.expose("A")
    scope.expose("B")
    assert scope.masked("hidden-value and shown-value") == "$env(A) and shown-value"
