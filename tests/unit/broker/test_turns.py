"""Whose turn it is, without anybody being asked."""

from __future__ import annotations

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from wicketgate.broker.turns import AT_ONCE, AT_ONE, Turn, Turns


def _all(turns: Turns[str]) -> list[Turn[str]]:
    return list(iter(turns.take, None))


def _items(found: list[Turn[str]]) -> list[str]:
    return [turn.item for turn in found]


def _answering(turns: Turns[str], provider: str) -> None:
    """Let a provider have answered once."""
    turns.add("first", provider=provider, ends=None)
    (turn,) = _all(turns)
    turns.done(turn, answers=True)


def test_who_is_new_is_asked_for_one_and_who_answers_for_more() -> None:
    turns: Turns[str] = Turns()
    for number in range(2 * AT_ONE):
        turns.add(str(number), provider="p", ends=None)
    (first,) = _all(turns)
    turns.done(first, answers=True)
    more = _all(turns)
    assert _items(more) == [str(number) for number in range(1, AT_ONE + 1)]
    turns.done(more[0], answers=True)
    assert _items(_all(turns)) == [str(AT_ONE + 1)]


def test_who_lets_us_wait_is_asked_for_one_at_a_time() -> None:
    turns: Turns[str] = Turns()
    _answering(turns, "p")
    for number in range(20):
        turns.add(str(number), provider="p", ends=None)
    for turn in _all(turns):
        turns.done(turn, answers=False)
        assert len(_all(turns)) <= 1


def test_what_was_not_asked_for_says_nothing_of_the_provider() -> None:
    turns: Turns[str] = Turns()
    _answering(turns, "p")
    for number in range(3 * AT_ONE):
        turns.add(str(number), provider="p", ends=None)
    for turn in _all(turns):
        turns.done(turn)
    assert len(_all(turns)) == AT_ONE


def test_what_ends_first_comes_first_and_what_is_missing_every_other_time() -> None:
    turns: Turns[str] = Turns()
    for item, ends in (("late", 30.0), ("m1", None), ("soon", 10.0), ("m2", None), ("m3", None), ("later", 40.0)):
        turns.add(item, provider="p", ends=ends)
    order = []
    while (turn := turns.take()) is not None:
        order.append(turn.item)
        turns.done(turn, answers=False)
    assert order == ["m1", "soon", "m2", "late", "m3", "later"]


def test_many_that_hang_take_no_place_of_those_that_answer() -> None:
    turns: Turns[str] = Turns()
    _answering(turns, "healthy")
    for number in range(2 * AT_ONCE):
        turns.add(f"hung {number}", provider=f"hung {number}", ends=None)
    assert len(_all(turns)) == AT_ONCE
    turns.add("renewal", provider="healthy", ends=1.0)
    assert _items(_all(turns)) == ["renewal"]


def test_providers_take_turns() -> None:
    turns: Turns[str] = Turns()
    for number in range(3 * AT_ONCE):
        turns.add(f"a{number}", provider=f"many {number % AT_ONCE}", ends=None)
    turns.add("b", provider="other", ends=None)
    begun = _all(turns)
    turns.done(begun[0], answers=False)
    assert _items(_all(turns)) == ["b"]


def test_providers_are_forgotten_once_they_are_idle() -> None:
    turns: Turns[str] = Turns()
    _answering(turns, "p")
    turns.add("waits", provider="q", ends=None)
    turns.keep_only({"r"})
    assert list(turns._providers) == ["q"]
    (turn,) = _all(turns)
    turns.done(turn, answers=True)
    turns.keep_only({"r"})
    assert turns._providers == {}


@settings(max_examples=200)
@given(
    st.lists(
        st.tuples(st.integers(0, 5), st.none() | st.floats(0, 9), st.none() | st.booleans(), st.integers(0, 3)),
        max_size=80,
    )
)
def test_everything_comes_once_and_never_too_much_at_one(
    script: list[tuple[int, float | None, bool | None, int]],
) -> None:
    """Whoever answers or hangs in whatever order."""
    turns: Turns[str] = Turns()
    begun: list[tuple[str, Turn[str]]] = []
    came: Counter[str] = Counter()

    def begin() -> None:
        for turn in _all(turns):
            came[turn.item] += 1
            begun.append((turn.item.partition("/")[0], turn))
        assert max(Counter(provider for provider, _ in begun).values(), default=0) <= AT_ONE

    for number, (provider, ends, answers, ended) in enumerate(script):
        turns.add(f"{provider}/{number}", provider=str(provider), ends=ends)
        begin()
        for _ in range(min(ended, len(begun))):
            turns.done(begun.pop(0)[1], answers=answers)
            begin()
    while begun:
        turns.done(begun.pop(0)[1], answers=True)
        begin()
    assert came == Counter(f"{provider}/{number}" for number, (provider, *_) in enumerate(script))
