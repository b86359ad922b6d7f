"""What a provider says when it refuses: in its own words, on one line, without anything that it was sent in secret."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import parse_qsl, quote, quote_plus, unquote_plus

from wicketgate.broker.source import ProviderError
from wicketgate.json_types import Json
from wicketgate.secret_value import REDACTED

_MOST_WORDS = 300
_DRIFT = 60.0
"""Seconds by which the provider's clock and ours may differ before an error says so."""
_SECRET_FIELDS = ("client_secret", "client_assertion", "assertion", "subject_token")
_SECRET_HEADERS = ("authorization", "x-aws-ec2-metadata-token", "x-identity-header")
_LEAST_SECRET = 4
"""Characters: what is shorter cannot be told from words."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What the provider said; `sent` is what it may not be quoted with."""

    status: int
    body: bytes
    headers: Mapping[str, str]
    sent: tuple[str, ...] = field(default=(), repr=False)

    @property
    def parsed(self) -> Any:
        """The JSON of the body, or nothing."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None


def refusal(reply: Reply, *, now: float) -> ProviderError:
    """Return an answer that is no success as an error in the provider's words."""
    words = _words_of(reply.parsed, reply.sent) or f"status {reply.status}"
    said = words if str(reply.status) in words else f"{words} (status {reply.status})"
    at = _date(reply.headers.get("date", ""))
    drift = 0.0 if at is None else now - at
    hint = ""
    if abs(drift) > _DRIFT:
        ahead = "ahead of" if drift > 0 else "behind"
        hint = f"the clock of this machine is {abs(drift):.0f} s {ahead} the provider's: set it by NTP"
    final = reply.status in (400, 401, 403, 404)
    return ProviderError(said, hint=hint, retry_after=_retry_after(reply.headers, now=now), final=final)


def secrets_of(body: bytes, headers: Mapping[str, str]) -> tuple[str, ...]:
    """Return the secrets of a request, as written in it and as meant; the longest first.

    Some providers repeat in an error what they were sent.
    """
    found = {each for each in _secrets(body, headers) if len(each) >= _LEAST_SECRET}
    forms = {form for each in found for form in (each, quote(each, safe=""), quote_plus(each))}
    return tuple(sorted(forms, key=len, reverse=True))


def printable(text: str) -> str:
    """Whatever a provider writes is logged: one line of it, without control characters."""
    return "".join(each if each.isprintable() else " " for each in text)[:_MOST_WORDS].strip()


def _secrets(body: bytes, headers: Mapping[str, str]) -> Iterator[str]:
    yield from (value for name, value in parse_qsl(body.decode(errors="replace")) if name in _SECRET_FIELDS)
    for name, value in headers.items():
        if name.lower() in _SECRET_HEADERS:
            scheme, _, rest = value.partition(" ")
            yield rest or scheme
            yield _password(rest)


def _password(basic: str) -> str:
    """The secret in what follows `Basic`; a machine in Azure Arc shows itself by something else there."""
    try:
        return unquote_plus(base64.b64decode(basic, validate=True).decode().partition(":")[2])
    except ValueError:
        return ""


def _words_of(found: Json, sent: tuple[str, ...]) -> str:
    """OAuth's `error` and `error_description`, or Google's and AWS's `message`."""
    if not isinstance(found, dict):
        return ""
    error = found.get("error", found.get("Error", found))
    parts = [error, found.get("error_description")]
    if isinstance(error, dict):
        code = error.get("status") or error.get("Code") or error.get("code")
        parts = [code, error.get("message") or error.get("Message")]
    return ": ".join(printable(_without(str(part), sent)) for part in parts if part)


def _without(text: str, sent: tuple[str, ...]) -> str:
    for secret in sent:
        text = text.replace(secret, REDACTED)
    return text


def _retry_after(headers: Mapping[str, str], *, now: float) -> float | None:
    """Seconds for which the provider wants to be left alone (RFC 9110 section 10.2.3)."""
    text = headers.get("retry-after", "").strip()
    if text.isdecimal():
        return float(text)
    at = _date(text)
    return None if at is None else max(0.0, at - now)


def _date(text: str) -> float | None:
    try:
        return parsedate_to_datetime(text).timestamp()
    except (TypeError, ValueError):
        return None
