"""A clock that goes wrong is told of before anybody refuses."""

from __future__ import annotations

import asyncio
import logging
import time
from email.utils import formatdate

import pytest

from tests.support.origin import RecordingOrigin
from wicketgate.broker import provider_http
from wicketgate.broker.clock_drift import ClockDrift, their_time
from wicketgate.broker.provider_http import Endpoint, send
from wicketgate.compile import system_roots

NOW = 1_800_000_000.0


@pytest.mark.parametrize(("ahead", "told"), [(29.0, ""), (31.0, "31 s ahead of"), (-600.0, "600 s behind")])
def test_a_clock_is_told_of_once(ahead: float, told: str, caplog: pytest.LogCaptureFixture) -> None:
    clocks = ClockDrift()
    for _ in range(3):
        clocks.note("sts.example.com", formatdate(NOW - ahead, usegmt=True), now=NOW)
    assert [told in message for message in caplog.messages] == ([True] if told else [])
    assert clocks.seconds == {"sts.example.com": ahead}


def test_a_clock_that_was_set_is_told_of_too(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    clocks = ClockDrift()
    for ahead in (90.0, 0.0, 90.0):
        clocks.note("a", formatdate(NOW - ahead, usegmt=True), now=NOW)
    assert ["again" in message for message in caplog.messages] == [False, True, False]


HUGE = "Mon, 01 Jan 99999999999999999999 00:00:00 GMT"


@pytest.mark.parametrize("date", ["", "yesterday", "Thu, 99 Jan 1970 00:00:00 GMT", HUGE])
def test_what_is_no_date_says_nothing(date: str) -> None:
    clocks = ClockDrift()
    clocks.note("a", date, now=NOW)
    assert clocks.seconds == {}


@pytest.mark.parametrize(
    ("ahead", "theirs"),
    [(0.0, NOW), (600.0, NOW - 600), (-600.0, NOW + 600), (86_400.0, NOW - 86_400), (-90_000.0, NOW), (90_000.0, NOW)],
)
def test_the_providers_clock_counts_within_a_day(ahead: float, theirs: float) -> None:
    assert their_time(formatdate(NOW - ahead, usegmt=True), now=NOW) == theirs
    assert their_time("", now=NOW) == NOW


def test_every_answer_of_a_provider_tells(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    clocks = ClockDrift()
    monkeypatch.setattr(provider_http, "CLOCKS", clocks)
    date = formatdate(time.time() + 3600, usegmt=True)
    with RecordingOrigin(
        reply=lambda _: f"HTTP/1.1 200 OK\r\ndate: {date}\r\ncontent-length: 2\r\n\r\n{{}}".encode()
    ) as provider:
        asyncio.run(send(Endpoint(provider.url, system_roots()), "GET", b"", headers={}))
    assert clocks.seconds["127.0.0.1"] == pytest.approx(-3600, abs=30)
    assert "behind that of 127.0.0.1" in caplog.text
