"""A clock that jumps, by a clock that the test turns."""

from __future__ import annotations

from wicketgate.control.steady_clock import SteadyClock

YEAR = 365 * 86_400.0


class Stand:
    def __init__(self) -> None:
        self.wall = 1_800_000_000.0
        self.passed = 5.0
        self.clock = SteadyClock(lambda: self.wall, lambda: self.passed)

    def wait(self, seconds: float) -> float:
        self.wall += seconds
        self.passed += seconds
        return self.clock()


def test_time_passes() -> None:
    stand = Stand()
    assert stand.wait(60) == stand.wall


def test_a_jump_ahead_is_no_time_that_passed() -> None:
    stand = Stand()
    before = stand.wait(60)
    stand.wall += YEAR
    assert stand.wait(1) == before + 1
    stand.wall -= YEAR
    assert stand.wait(1) == before + 2 == stand.wall


def test_a_clock_that_is_set_back_is_followed() -> None:
    stand = Stand()
    stand.wall -= YEAR
    assert stand.wait(1) == stand.wall
    assert stand.wait(60) == stand.wall
