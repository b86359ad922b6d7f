"""The demo's judge tells a sealed origin from one that only looks like it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.demo.naive_proxy import naive_proxy
from wicketgate.demo.attempts import ONE_GENUINE, Attempt, Expectation, Target, attempts, judge
from wicketgate.demo.processes import child_environment, sample_origin
from wicketgate.demo.quickstart import new_secret
from wicketgate.demo.raw_http import Answer, exchange
from wicketgate.demo.sample_origin import WITNESS
from wicketgate.demo.show import Stage, find


@pytest.fixture
def secret_file(tmp_path: Path) -> Path:
    path = tmp_path / "secret"
    path.touch(mode=0o600)
    path.write_text(new_secret().reveal())
    return path


@pytest.fixture
def origin(secret_file: Path) -> Iterator[tuple[str, int]]:
    with sample_origin(secret_file, child_environment(os.environ), log=secret_file.with_name("log")) as address:
        yield address


def test_the_origin_turns_away_direct_calls_and_answers_the_secret(origin: tuple[str, int], secret_file: Path) -> None:
    genuine = b"backend-secret: " + secret_file.read_bytes()
    assert exchange(origin, method="GET", path="/orders", lines=[]).status == 401
    answer = exchange(origin, method="GET", path="/orders", lines=[genuine])
    assert (answer.status, answer.header(WITNESS)) == (200, ONE_GENUINE)


def test_a_proxy_that_lets_copies_through_is_found_out(
    origin: tuple[str, int], secret_file: Path, tmp_path: Path
) -> None:
    added = b"backend-secret: " + secret_file.read_bytes()
    with naive_proxy(origin, added) as address:
        found = {finding.attempt.title: finding.good for finding in find(Stage(tmp_path, origin, address))}
    assert found["direct, without the secret"]
    assert found["through the gateway"]
    for title in (
        "lower case",
        "upper case",
        "twice",
        "empty",
        "with an underscore",
        "hyphen and underscore",
    ):
        assert not found[f"forged, {title}"], title
    assert not found["echo by TRACE"]


def test_a_gateway_that_sends_no_secret_is_found_out(origin: tuple[str, int], tmp_path: Path) -> None:
    found = {finding.attempt.title: finding.good for finding in find(Stage(tmp_path, origin, origin))}
    assert not found["through the gateway"]


@pytest.mark.parametrize(
    ("expectation", "status", "saw", "good"),
    [
        (Expectation.TURNED_AWAY, 401, "genuine=0 other=0", True),
        (Expectation.TURNED_AWAY, 200, "genuine=0 other=0", False),
        (Expectation.ANSWERED, 200, ONE_GENUINE, True),
        (Expectation.ANSWERED, 200, None, False),
        (Expectation.HARMLESS, 400, None, True),
        (Expectation.HARMLESS, 0, None, True),
        (Expectation.HARMLESS, 200, None, False),
        (Expectation.HARMLESS, 503, None, False),
        (Expectation.HARMLESS, 200, "genuine=1 other=1", False),
        (Expectation.HARMLESS, 401, "genuine=0 other=1", False),
        (Expectation.REFUSED, 405, None, True),
        (Expectation.REFUSED, 405, ONE_GENUINE, False),
    ],
)
def test_judgement(expectation: Expectation, status: int, saw: str | None, good: bool) -> None:
    attempt = Attempt("x", Target.GATEWAY, expectation)
    headers = ((WITNESS, saw),) if saw else ()
    assert judge(attempt, Answer(status, headers)).good is good


def test_every_forgery_carries_the_header_in_some_form() -> None:
    forged = [attempt for attempt in attempts() if attempt.title.startswith("forged")]
    assert len(forged) >= 10
    for attempt in forged:
        sent = b"\n".join((*attempt.lines, attempt.body)).lower().replace(b"_", b"-")
        assert b"backend-secret" in sent, attempt.title
