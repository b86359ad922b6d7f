"""Two thirds of a life, and the ladder of warnings."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.pki.making import DAY, NOW, make
from wicketgate.pki.certificate import Certificate, parse_certificates
from wicketgate.pki.renewal import EXPIRED, LADDER, expiry_text, renew_at, renewal_due, rung, seconds_left

(QUARTER,) = parse_certificates(make("quarter").pem, source="x")
END = QUARTER.not_after


def lasting(seconds: int) -> Certificate:
    return replace(QUARTER, not_before=END - seconds)


def test_two_thirds() -> None:
    assert renew_at(QUARTER) == NOW + 60 * DAY
    assert not renewal_due(QUARTER, NOW + 60 * DAY - 1)
    assert renewal_due(QUARTER, NOW + 60 * DAY)
    assert renew_at(lasting(DAY)) == END - 8 * 3600


@pytest.mark.parametrize(
    ("days_left", "expected"),
    [(89, None), (31, None), (29.9, 30), (14.1, 30), (14, 14), (7.1, 14), (7, 7), (1.1, 7), (1, 1), (0, 1)],
)
def test_the_ladder(days_left: float, expected: int | None) -> None:
    assert rung(QUARTER, END - days_left * DAY) == expected


def test_after_the_end() -> None:
    assert rung(QUARTER, END) == 1
    assert rung(QUARTER, END + 1) == EXPIRED
    assert rung(lasting(600), END + 1) == EXPIRED


def test_a_short_life_is_not_news_until_its_renewal_is_late() -> None:
    """A day's certificate is renewed with 8 hours left: only an hour later is something wrong."""
    day = lasting(DAY)
    assert rung(day, END - 23 * 3600) is None
    assert rung(day, END - 7 * 3600 - 1) is None
    assert rung(day, END - 7 * 3600) == 1
    minutes = lasting(600)
    assert rung(minutes, renew_at(minutes) + 24) is None
    assert rung(minutes, renew_at(minutes) + 25) == 1


def test_a_long_life_is_news_from_the_first_rung_only() -> None:
    years = lasting(3 * 365 * DAY)
    assert rung(years, END - 31 * DAY) is None
    assert rung(years, END - 30 * DAY) == 30


@given(st.integers(min_value=1, max_value=4000 * DAY), st.lists(st.floats(min_value=0, max_value=1.1), min_size=2))
def test_it_never_climbs_back(life: int, moments: list[float]) -> None:
    certificate = lasting(life)
    heard = [rung(certificate, certificate.not_before + share * life) for share in sorted(moments)]
    levels = [max(LADDER) + 1 if each is None else each for each in heard]
    assert levels == sorted(levels, reverse=True)


@pytest.mark.parametrize(
    ("left", "expected"),
    [
        (6.5 * DAY, "expires in 6 days (2026-12-20 14:13 UTC)"),
        (DAY, "expires in 1 day (2026-12-20 14:13 UTC)"),
        (DAY - 1, "expires in 23 hours (2026-12-20 14:13 UTC)"),
        (61, "expires in 1 minute (2026-12-20 14:13 UTC)"),
        (3, "expires in less than a minute (2026-12-20 14:13 UTC)"),
        (-1, "expired on 2026-12-20 14:13 UTC"),
        (91 * DAY, "is not valid before 2026-09-21 14:13 UTC"),
    ],
)
def test_in_words(left: float, expected: str) -> None:
    assert expiry_text(QUARTER, END - left) == expected
    assert seconds_left(QUARTER, END - left) == left
