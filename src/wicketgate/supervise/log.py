"""The gateway's own log: one JSON object a line on standard error."""

from __future__ import annotations

import json
import logging
import sys
import time
from typing import Any

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_OURS = "wicketgate"
_INDISCREET = ("botocore", "google", "httpcore", "httpx", "msal", "requests", "urllib3")
"""Libraries that talk to providers: some log requests and answers, secrets and all, one of them as an error."""


class JsonFormatter(logging.Formatter):
    """Time (UTC), level, logger, message, and whatever was given as `extra`.

    An exception is named with the places it passed, never with the values of variables.
    """

    def format(self, record: logging.LogRecord) -> str:
        moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        line: dict[str, Any] = {
            "time": f"{moment}.{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= {key: value for key, value in vars(record).items() if key not in _STANDARD}
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str, ensure_ascii=False)


def log_to_stderr(level: str) -> None:
    """Send the log of this process to standard error from `level` (such as `info`) on.

    The level is that of our own words. Libraries never say more than warnings, and some nothing at all.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter())
    chosen = logging.getLevelNamesMapping()[level.upper()]
    logging.basicConfig(level=max(chosen, logging.WARNING), handlers=[handler], force=True)
    logging.getLogger(_OURS).setLevel(chosen)
    hush_libraries()


def hush_libraries() -> None:
    """Let libraries that talk to providers log nothing, be it to a log or to a terminal."""
    for name in _INDISCREET:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
