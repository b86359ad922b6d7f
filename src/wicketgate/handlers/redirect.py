"""Answer with a redirect (https://zuplo.com/docs/handlers/redirect)."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from wicketgate.handler import Handler, HandlerContext
from wicketgate.ir.gateway import Redirect
from wicketgate.spec.base import Options
from wicketgate.spec.http_names import HeaderValue


class RedirectOptions(Options):
    location: HeaderValue = Field(min_length=1)
    """Where to: a URL or a path, sent as it is."""
    status: Literal[300, 301, 302, 303, 307, 308] = 302
    """The status of the redirect (RFC 9110 section 15.4)."""


def _lower(options: RedirectOptions, at: HandlerContext) -> Redirect | None:
    if any(char.isspace() or ord(char) > 126 for char in options.location):
        at.error(
            "not-a-url",
            "a location has only ASCII characters and no blanks",
            option="location",
            hint="percent-encode the others",
        )
        return None
    return Redirect(options.location, options.status)


HANDLER = Handler(export="redirectHandler", options=RedirectOptions, lower=_lower)
