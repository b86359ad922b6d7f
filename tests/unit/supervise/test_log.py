"""The level is that of our own words."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest

from wicketgate.supervise.log import log_to_stderr

LEVELS = ["debug", "info", "warning", "error"]
INDISCREET = ["botocore.parsers", "google.auth", "httpcore.http11", "httpx", "msal.oauth2cli.oauth2", "urllib3"]


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    names = ["wicketgate", *{name.partition(".")[0] for name in INDISCREET}, "requests"]
    levels = {name: logging.getLogger(name).level for name in names}
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    for name, of in levels.items():
        logging.getLogger(name).setLevel(of)


def _said(capsys: pytest.CaptureFixture[str], level: str, name: str) -> list[str]:
    log_to_stderr(level)
    for each in LEVELS:
        logging.getLogger(name).log(logging.getLevelNamesMapping()[each.upper()], "words")
    return [json.loads(line)["level"] for line in capsys.readouterr().err.splitlines()]


@pytest.mark.parametrize("level", LEVELS)
def test_our_own_words_from_the_level_on(capsys: pytest.CaptureFixture[str], level: str) -> None:
    assert _said(capsys, level, "wicketgate.control.live") == LEVELS[LEVELS.index(level) :]


@pytest.mark.parametrize("level", LEVELS)
def test_a_library_says_no_more_than_warnings(capsys: pytest.CaptureFixture[str], level: str) -> None:
    assert _said(capsys, level, "acme.client") == LEVELS[max(2, LEVELS.index(level)) :]


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("name", INDISCREET)
def test_who_talks_to_providers_says_nothing(capsys: pytest.CaptureFixture[str], level: str, name: str) -> None:
    assert _said(capsys, level, name) == []
