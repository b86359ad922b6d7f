"""The gateway's own log: one JSON object a line on standard error."""

from __future__ import annotations

import json
import logging
import sys
import time
import traceback
from collections.abc import Iterator
from types import TracebackType
from typing import Any

from wicketgate.errors import WicketError

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_OURS = "wicketgate"
_INDISCREET = ("botocore", "google", "httpcore", "httpx", "msal", "requests", "urllib3")
"""Libraries that talk to providers: some log requests and answers, secrets and all, one of them as an error."""


class JsonFormatter(logging.Formatter):
    """Time (UTC), level, logger, message, and whatever was given as `extra`.

    An exception is named with the places it passed. What it says itself is left out, for that of an unforeseen one may
    hold anything, a secret too; only our own errors and those of the operating system are known not to.
    """

    def format(self, record: logging.LogRecord) -> str:
        moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        line: dict[str, Any] = {
            "time": f"{moment}.{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": _message(record),
        }
        line |= {key: value for key, value in vars(record).items() if key not in _STANDARD}
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str, ensure_ascii=False)

    def formatException(self, ei: Any) -> str:  # noqa: N802 (the name is logging's)
        return "\n".join(_faults(ei[1])) if ei[1] is not None else ""


def _message(record: logging.LogRecord) -> str:
    """asyncio writes the exception, in its own words, on lines below the first."""
    message = record.getMessage()
    return message.partition("\n")[0] if record.name == "asyncio" else message


def _faults(error: BaseException, indent: str = "", seen: frozenset[int] = frozenset()) -> Iterator[str]:
    """The exception and those that it came of, the first one first; those of a group below it, indented.

    `seen` holds the identities of those on the way here, for one may come of itself.
    """
    seen |= {id(error)}
    before = _came_of(error)
    if before is not None and id(before) not in seen:
        yield from _faults(before, indent, seen)
        yield f"{indent}then:"
    for frame in traceback.extract_tb(error.__traceback__):
        yield f'{indent}  File "{frame.filename}", line {frame.lineno}, in {frame.name}'
    yield indent + ": ".join(filter(None, (type(error).__qualname__, _safe_words(error))))
    if isinstance(error, BaseExceptionGroup):
        for each in error.exceptions:
            yield from _faults(each, indent + "  | ", seen)


def _came_of(error: BaseException) -> BaseException | None:
    if error.__cause__ is not None or error.__suppress_context__:
        return error.__cause__
    return error.__context__


def _safe_words(error: BaseException) -> str:
    match error:
        case WicketError():
            return error.message
        case OSError(strerror=str(reason)):
            return f"{reason}: {error.filename}" if isinstance(error.filename, str) else reason
        case _:
            return ""


def log_to_stderr(level: str) -> None:
    """Send the log of this process to standard error from `level` (such as `info`) on, and what ends the process too.

    The level is that of our own words. Libraries never say more than warnings, and some nothing at all.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter())
    chosen = logging.getLevelNamesMapping()[level.upper()]
    logging.basicConfig(level=max(chosen, logging.WARNING), handlers=[handler], force=True)
    logging.getLogger(_OURS).setLevel(chosen)
    hush_libraries()
    sys.excepthook = _log_the_end


def _log_the_end(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
    else:
        logging.getLogger(_OURS).critical("this process ends: %s", kind.__qualname__, exc_info=(kind, error, trace))


def hush_libraries() -> None:
    """Let libraries that talk to providers log nothing, be it to a log or to a terminal."""
    for name in _INDISCREET:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
