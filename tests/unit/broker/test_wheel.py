"""The wheel forgets nothing and stays small."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from wicketgate.broker.wheel import Wheel


def test_each_comes_when_its_time_has_come() -> None:
    wheel: Wheel[str] = Wheel()
    for key, time in (("b", 2.0), ("a", 1.0), ("c", 3.0), ("never", math.inf)):
        wheel.note(key, time)
    assert wheel.next == 1.0
    assert list(wheel.come(2.0)) == ["a", "b"]
    assert list(wheel.come(2.0)) == []
    assert wheel.next == 3.0


def test_an_earlier_time_counts_once() -> None:
    wheel: Wheel[str] = Wheel()
    for time in (9.0, 5.0, 7.0):
        wheel.note("a", time)
    assert wheel.next == 5.0
    assert list(wheel.come(100.0)) == ["a"]


def test_what_is_forgotten_never_comes() -> None:
    wheel: Wheel[int] = Wheel()
    for key in range(1000):
        wheel.note(key, 1.0)
    for key in range(999):
        wheel.forget(key)
    assert len(wheel) < 100
    assert list(wheel.come(1.0)) == [999]


@given(st.lists(st.tuples(st.integers(0, 9), st.floats(0, 100)), max_size=500))
def test_nobody_comes_late_and_the_heap_is_bounded(plans: list[tuple[int, float]]) -> None:
    wheel: Wheel[int] = Wheel()
    for key, time in plans:
        wheel.note(key, time)
        assert len(wheel) <= 2 * 10 + 64
    for now in sorted({time for _, time in plans}):
        due = {key for key, time in plans if time <= now}
        seen = set(wheel.come(now))
        plans = [(key, time) for key, time in plans if key not in seen]
        assert due <= seen
    assert list(wheel.come(math.inf)) == []
