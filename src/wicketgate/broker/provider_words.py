"""What a provider says when it refuses: in its own words, on one line, without anything that it was sent in secret."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, quote, quote_plus, unquote_plus

from wicketgate.broker.clock_drift import hint_of_drift, http_date, their_time
from wicketgate.broker.source import ProviderError
from wicketgate.json_types import Json
from wicketgate.plain_http import host_of
from wicketgate.secret_value import REDACTED

_MOST_WORDS = 300
_SECRET_FIELDS = ("client_secret", "client_assertion", "assertion", "subject_token", "WebIdentityToken")
_SECRET_HEADERS = ("authorization", "secret", "x-aws-ec2-metadata-token", "x-identity-header", "x-amz-security-token")
_FINAL = (400, 401, 403, 404)
_PASSING = frozenset({"server_error", "slow_down", "temporarily_unavailable"})
"""Errors of OAuth that end by themselves, whatever status they come with."""
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

    def time(self, now: float) -> float:
        """Return the provider's own time, by which the ends that it names count; `now` is ours."""
        return their_time(self.headers.get("date", ""), now=now)


def refusal(reply: Reply, *, now: float) -> ProviderError:
    """Return an answer that is no success as an error in the provider's words."""
    words = _words_of(reply.parsed)
    final = reply.status in _FINAL and words.partition(":")[0] not in _PASSING
    return refused(reply, words, now=now, final=final)


def refused(reply: Reply, words: str, *, now: float, final: bool) -> ProviderError:
    """Return the same for words that were found elsewhere: with the status, what the clocks say, and when to come."""
    said = printable(_without(words, reply.sent)) or f"status {reply.status}"
    told = said if str(reply.status) in said else f"{said} (status {reply.status})"
    hint = hint_of_drift(reply.headers.get("date", ""), now=now)
    return ProviderError(told, hint=hint, retry_after=_retry_after(reply, now=now), final=final)


def plaintext(url: str) -> ProviderError:
    """Return that what the platform names would be asked over plain http, on a network."""
    host = printable(host_of(url)) or "nowhere"
    return ProviderError(f"a credential would come over plain http from {host}", final=True)


def secrets_of(body: bytes, headers: Mapping[str, str], query: str) -> tuple[str, ...]:
    """Return the secrets of a request, as written in it and as meant; the longest first. All of `query` is one.

    Some providers repeat in an error what they were sent.
    """
    found = {each for each in _secrets(body, headers, query) if len(each) >= _LEAST_SECRET}
    forms = {form for each in found for form in (each, quote(each, safe=""), quote_plus(each))}
    return tuple(sorted(forms, key=len, reverse=True))


def printable(text: str) -> str:
    """Whatever a provider writes is logged: one line of it, without control characters."""
    return "".join(each if each.isprintable() else " " for each in text)[:_MOST_WORDS].strip()


def _secrets(body: bytes, headers: Mapping[str, str], query: str) -> Iterator[str]:
    yield from (unquote_plus(part.partition("=")[2] or part) for part in query.split("&"))
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


def _words_of(found: Json) -> str:
    """OAuth's `error` and `error_description`, or Google's and AWS's `message`."""
    if not isinstance(found, dict):
        return ""
    error = found.get("error", found.get("Error", found))
    parts = [error, found.get("error_description")]
    if isinstance(error, dict):
        code = error.get("status") or error.get("Code") or error.get("code")
        parts = [code, error.get("message") or error.get("Message")]
    return ": ".join(str(part) for part in parts if part)


def _without(text: str, sent: tuple[str, ...]) -> str:
    for secret in sent:
        text = text.replace(secret, REDACTED)
    return text


def _retry_after(reply: Reply, *, now: float) -> float | None:
    """Seconds for which the provider wants to be left alone (RFC 9110 section 10.2.3)."""
    text = reply.headers.get("retry-after", "").strip()
    if text.isdecimal():
        return float(text)
    at = http_date(text)
    return None if at is None else max(0.0, at - reply.time(now))
