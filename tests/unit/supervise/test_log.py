"""The level is that of our own words."""

from __future__ import annotations

import asyncio
import errno
import gc
import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from wicketgate.errors import WicketError
from wicketgate.supervise.log import log_to_stderr

LEVELS = ["debug", "info", "warning", "error"]
INDISCREET = ["botocore.parsers", "google.auth", "httpcore.http11", "httpx", "msal.oauth2cli.oauth2", "urllib3"]


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    root, hook = logging.getLogger(), sys.excepthook
    handlers, level = root.handlers[:], root.level
    names = ["wicketgate", *{name.partition(".")[0] for name in INDISCREET}, "requests"]
    levels = {name: logging.getLogger(name).level for name in names}
    yield
    sys.excepthook = hook
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


CANARY = "canary-4711"


def _logged(capsys: pytest.CaptureFixture[str], error: BaseException) -> str:
    log_to_stderr("info")
    logging.getLogger("wicketgate.control").error("it failed", exc_info=error)
    (line,) = capsys.readouterr().err.splitlines()
    assert CANARY not in line
    return str(json.loads(line)["exception"])


def _raised(error: BaseException, *, of: BaseException | None = None, within: BaseException | None = None) -> Any:
    """The exception as one that was raised: because `of` another, or while `within` another was handled."""
    try:
        if within is None:
            raise error from of
        try:
            raise within
        except type(within):
            raise error  # noqa: B904 (an exception while another is handled is what is tested)
    except type(error) as raised:
        return raised


def test_an_exception_is_named_with_its_places_and_without_its_words(capsys: pytest.CaptureFixture[str]) -> None:
    shown = _logged(capsys, _raised(ValueError(f"invalid literal: {CANARY}")))
    assert shown.splitlines()[-1] == "ValueError"
    assert "test_log.py" in shown
    assert "in _raised" in shown


@pytest.mark.parametrize("how", ["of", "within"])
def test_what_an_exception_came_of_is_named_without_its_words(capsys: pytest.CaptureFixture[str], how: str) -> None:
    shown = _logged(capsys, _raised(RuntimeError(CANARY), **{how: KeyError(CANARY)}))
    assert shown.splitlines().index("KeyError") < shown.splitlines().index("RuntimeError")


def test_what_was_hidden_on_purpose_stays_hidden(capsys: pytest.CaptureFixture[str]) -> None:
    error = _raised(RuntimeError(), within=KeyError())
    error.__suppress_context__ = True
    assert "KeyError" not in _logged(capsys, error)


def test_an_exception_that_came_of_itself_is_named_once(capsys: pytest.CaptureFixture[str]) -> None:
    error = RuntimeError()
    error.__cause__ = error
    assert _logged(capsys, error) == "RuntimeError"


def test_each_of_a_group_is_named_without_its_words(capsys: pytest.CaptureFixture[str]) -> None:
    group = ExceptionGroup(CANARY, [ValueError(CANARY), _raised(KeyError(CANARY))])
    shown = _logged(capsys, group).splitlines()
    assert shown[0] == "ExceptionGroup"
    assert {"  | ValueError", "  | KeyError"} < set(shown)


def test_our_own_errors_and_those_of_the_system_keep_their_words(capsys: pytest.CaptureFixture[str]) -> None:
    assert _logged(capsys, WicketError("no such origin")) == "WicketError: no such origin"
    missing = FileNotFoundError(errno.ENOENT, "No such file or directory", "wicket.toml")
    assert _logged(capsys, missing) == "FileNotFoundError: No such file or directory: wicket.toml"
    assert _logged(capsys, ConnectionError(f"refused {CANARY}")) == "ConnectionError"


def test_what_asyncio_says_of_a_failed_task_holds_no_words_of_it(capsys: pytest.CaptureFixture[str]) -> None:
    async def fail() -> None:
        raise ValueError(CANARY)

    async def forget() -> None:
        task = asyncio.ensure_future(fail())
        await asyncio.wait([task])

    log_to_stderr("info")
    asyncio.run(forget())
    gc.collect()
    (line,) = capsys.readouterr().err.splitlines()
    assert CANARY not in line
    assert json.loads(line)["message"] == "Task exception was never retrieved"


def test_what_ends_a_process_is_a_line_of_the_log_without_words() -> None:
    program = f"""
from wicketgate.supervise.log import log_to_stderr
log_to_stderr("info")
raise ValueError("".join(["{CANARY[:6]}", "{CANARY[6:]}"]))
"""
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=30)
    assert ended.returncode == 1
    (line,) = ended.stderr.splitlines()
    assert CANARY not in line
    assert json.loads(line) | {"time": ""} == {
        "time": "",
        "level": "critical",
        "logger": "wicketgate",
        "message": "this process ends: ValueError",
        "exception": '  File "<string>", line 4, in <module>\nValueError',
    }
