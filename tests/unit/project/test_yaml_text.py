"""YAML as a way to write JSON."""

from __future__ import annotations

import pytest

from wicketgate.project.document import DocumentError
from wicketgate.project.yaml_text import MAX_COPIED, locate_yaml, parse_yaml


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: on", {"a": "on"}),
        ("a: no", {"a": "no"}),
        ("a: 1:30", {"a": "1:30"}),
        ("a: true", {"a": True}),
        ("a: ~", {"a": None}),
        ("a:", {"a": None}),
        ('a: "1"', {"a": "1"}),
        ("a: 0x10", {"a": "0x10"}),
        ("a: 2026-01-01", {"a": "2026-01-01"}),
        ("a: -1.5e3", {"a": -1500.0}),
        ("200: x", {"200": "x"}),
    ],
)
def test_scalars_are_those_of_json(text: str, value: object) -> None:
    assert parse_yaml(text) == value


def test_an_alias_stands_for_a_value_or_a_key() -> None:
    text = "a: &x {b: [1]}\nc: *x\nd: &k word\n*k : 2\n"
    assert parse_yaml(text) == {"a": {"b": [1]}, "c": {"b": [1]}, "d": "word", "word": 2}


def test_an_anchor_may_be_given_again() -> None:
    assert parse_yaml("a: &x 1\nb: *x\nc: &x 2\nd: *x") == {"a": 1, "b": 1, "c": 2, "d": 2}


@pytest.mark.parametrize("text", ["a: *x", "a: &x [*x]", "a: &x {}\n<<: *x", "a: &x []\n*x : 1"])
def test_aliases_that_stand_for_nothing(text: str) -> None:
    with pytest.raises(DocumentError) as caught:
        parse_yaml(text)
    assert caught.value.code == "yaml-alias"


def test_what_aliases_stand_for_is_bounded() -> None:
    items = ", ".join("x" * 1 for _ in range(999))
    fitting = MAX_COPIED // 1000
    assert len(parse_yaml(f"a: &x [{items}]\nb: [{', '.join(['*x'] * fitting)}]")["b"]) == fitting
    with pytest.raises(DocumentError, match="more than"):
        parse_yaml(f"a: &x [{items}]\nb: [{', '.join(['*x'] * (fitting + 1))}]")


def test_aliases_do_not_nest_deeper_than_text_may() -> None:
    lines = ["a0: &a0 []", *(f"a{n}: &a{n} [*a{n - 1}]" for n in range(1, 300))]
    with pytest.raises(DocumentError) as caught:
        parse_yaml("\n".join(lines))
    assert caught.value.code == "too-deep"


def test_offsets_count_characters() -> None:
    text = "é: 😀\nb: c"
    assert text[locate_yaml(text)[("b",)].value] == "c"
