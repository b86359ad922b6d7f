"""Precedence, `.env`, names, and changes that are seen at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from wicketgate.secret_value import SecretValue
from wicketgate.spec.variables import Secrecy
from wicketgate.store import open_store
from wicketgate.variables import DotenvError, LiveVariables, VariableNameError, check_name, check_value, open_variables


def _open(tmp_path: Path, environment: str = "production", **process: str) -> LiveVariables:
    return open_variables(tmp_path, state=tmp_path / ".wicket", environment=environment, process=process)


def _value(variables: LiveVariables, name: str) -> tuple[str, str, Secrecy] | None:
    found = variables.lookup(name)
    return (found.value.reveal(), found.source, found.secrecy) if found else None


def test_the_store_wins_then_the_process_then_dotenv(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("A=dotenv\nB=dotenv\nC=dotenv\n")
    variables = _open(tmp_path, A="process", B="process")
    open_store(tmp_path / ".wicket").set("A", SecretValue("store"), Secrecy.SECRET, ["production"])
    assert _value(variables, "A") == ("store", "store", Secrecy.SECRET)
    assert _value(variables, "B") == ("process", "environment", Secrecy.UNMARKED)
    assert _value(variables, "C") == ("dotenv", ".env", Secrecy.UNMARKED)
    assert _value(variables, "D") is None
    assert [(each.name, each.source) for each in variables.shadowed()] == [
        ("A", "environment"),
        ("A", ".env"),
        ("B", ".env"),
    ]


def test_environments_are_apart(tmp_path: Path) -> None:
    store = open_store(tmp_path / ".wicket")
    store.set("A", SecretValue("p"), Secrecy.PLAIN, ["production", "preview"])
    assert _value(_open(tmp_path, "preview"), "A") == ("p", "store", Secrecy.PLAIN)
    assert _value(_open(tmp_path, "development"), "A") is None
    with pytest.raises(VariableNameError):
        _open(tmp_path, "staging")


def test_changes_are_seen_without_a_restart(tmp_path: Path) -> None:
    variables = _open(tmp_path)
    before = variables.token()
    assert not (tmp_path / ".wicket").exists()
    store = open_store(tmp_path / ".wicket")
    store.set("A", SecretValue("1"), Secrecy.SECRET, ["production"])
    assert variables.token() != before
    assert _value(variables, "A") == ("1", "store", Secrecy.SECRET)
    store.set("A", SecretValue("2"), Secrecy.SECRET, ["production"])
    assert _value(variables, "A") == ("2", "store", Secrecy.SECRET)
    (tmp_path / ".env").write_text("E=1")
    assert _value(variables, "E") == ("1", ".env", Secrecy.UNMARKED)


def test_dotenv_values_are_literal(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("# note\nexport A='x ${B} $(id)'\nB=\"two words\"\n\nC=a=b\n")
    variables = _open(tmp_path)
    assert [_value(variables, name) for name in "ABC"] == [
        ("x ${B} $(id)", ".env", Secrecy.UNMARKED),
        ("two words", ".env", Secrecy.UNMARKED),
        ("a=b", ".env", Secrecy.UNMARKED),
    ]


def test_a_broken_dotenv_names_the_line_and_not_the_value(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("A=1\nBAD 'canary-value\n")
    with pytest.raises(DotenvError) as refused:
        _open(tmp_path).lookup("A")
    assert ".env:2" in refused.value.message
    assert "canary" not in refused.value.message


@pytest.mark.parametrize("name", ["lower", "1A", "A-B", "", "ZUPLO_X", "__ZUPLO", "ZUDOKU_X", "WICKET_KEY", "A" * 129])
def test_names_that_may_not_be_set(name: str) -> None:
    with pytest.raises(VariableNameError):
        check_name(name)


@pytest.mark.parametrize("value", ["", "x" * 8193, "a\0b"])
def test_values_that_may_not_be_set(value: str) -> None:
    with pytest.raises(VariableNameError) as refused:
        check_value("A", value)
    assert value == "" or value not in refused.value.message


def test_nothing_prints_a_value(tmp_path: Path) -> None:
    variables = _open(tmp_path, A="canary-value")
    assert "canary" not in repr(variables) + repr(variables.lookup("A"))
