"""One request to a provider: bounded, over verified TLS, followed nowhere, and its refusal in its own words."""

from __future__ import annotations

import json
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from functools import cache
from pathlib import Path
from typing import Any

import httpx

from wicketgate.broker.source import SHORT, Obtained, ProviderError
from wicketgate.json_types import Json, JsonObject
from wicketgate.secret_value import SecretValue

_SECONDS = 10.0
_MOST_BYTES = 256 * 1024
_MOST_WORDS = 300
_DRIFT = 60.0
"""Seconds by which the provider's clock and ours may differ before an error says so."""
_LONGEST_LIFE = 366 * 86_400.0


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A URL and how its server is verified; `certificate` and `key` are PEM files that we show, if any."""

    url: str
    roots: Path
    certificate: Path | None = None
    key: Path | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """What the provider said."""

    status: int
    body: bytes
    headers: Mapping[str, str]


async def post_form(
    endpoint: Endpoint, form: Sequence[tuple[str, str]], *, headers: Mapping[str, str] | None = None, now: float
) -> JsonObject:
    """Send a form and return the JSON object that answers it. Raises `ProviderError`."""
    body = str(httpx.QueryParams(list(form))).encode()
    typed = {"content-type": "application/x-www-form-urlencoded", **(headers or {})}
    return json_object(await send(endpoint, "POST", body, headers=typed), now=now)


async def send(endpoint: Endpoint, method: str, body: bytes, *, headers: Mapping[str, str]) -> Reply:
    """Send one request. Raises `ProviderError` when there is no answer, or more of it than a token needs."""
    try:
        async with (
            httpx.AsyncClient(verify=_context(endpoint), timeout=_SECONDS, trust_env=False) as client,
            client.stream(
                method, endpoint.url, content=body, headers={"accept": "application/json", **headers}
            ) as response,
        ):
            return Reply(response.status_code, await _bounded(response), dict(response.headers))
    except httpx.TimeoutException:
        raise ProviderError(f"no answer from {endpoint.url} within {_SECONDS:g} s") from None
    except (httpx.HTTPError, httpx.InvalidURL, ssl.SSLError, OSError) as error:
        raise ProviderError(f"cannot reach {endpoint.url}: {_printable(str(error)) or type(error).__name__}") from None


def json_object(reply: Reply, *, now: float) -> JsonObject:
    """Return the object of a good answer. Raises `ProviderError` with the provider's words for any other."""
    if not 200 <= reply.status < 300:
        raise refusal(reply, now=now)
    found = _parsed(reply.body)
    if not isinstance(found, dict):
        raise ProviderError("the provider's answer is not a JSON object")
    return found


def token_of(found: JsonObject, *, now: float, field: str = "access_token") -> Obtained:
    """Return the token of an answer as RFC 6749 section 5.1 has it. Raises `ProviderError` for what cannot be sent.

    A token without `expires_in` lives short: nobody knows how long.
    """
    token = found.get(field)
    if not isinstance(token, str) or not token or not token.isascii() or not token.isprintable():
        raise ProviderError(f"the provider's answer has no `{field}` that could be sent")
    kind = found.get("token_type", "Bearer")
    if not isinstance(kind, str) or kind.lower() not in ("bearer", "n_a"):
        raise ProviderError(f"the provider gives tokens of another kind: {_printable(str(kind))}")
    return Obtained(SecretValue(token), now + life_of(found.get("expires_in")))


def life_of(seconds: Json) -> float:
    """Return a life in seconds; what is missing is short. Raises `ProviderError` for what is none."""
    if seconds is None:
        return SHORT
    try:
        life = float(seconds)
    except (TypeError, ValueError):
        raise ProviderError("the provider's `expires_in` is not a number") from None
    if not 0 < life <= _LONGEST_LIFE:
        raise ProviderError("the provider's `expires_in` is not the life of a token")
    return life


def words_of(found: Json, fallback: str) -> str:
    """Return the provider's own words: OAuth's `error` and `error_description`, or Google's and AWS's `message`."""
    if isinstance(found, dict):
        error = found.get("error", found.get("Error", found))
        if isinstance(error, dict):
            parts = [
                error.get("status") or error.get("Code") or error.get("code"),
                error.get("message") or error.get("Message"),
            ]
        else:
            parts = [error, found.get("error_description")]
        said = ": ".join(_printable(str(part)) for part in parts if part)
        if said:
            return said
    return fallback


def retry_after(headers: Mapping[str, str], *, now: float) -> float | None:
    """Return the seconds for which the provider wants to be left alone (RFC 9110 section 10.2.3)."""
    text = headers.get("retry-after", "").strip()
    if text.isdecimal():
        return float(text)
    at = _date(text)
    return None if at is None else max(0.0, at - now)


def refusal(reply: Reply, *, now: float) -> ProviderError:
    """Return an answer that is no success as an error in the provider's words."""
    words = words_of(_parsed(reply.body), f"status {reply.status}")
    said = words if str(reply.status) in words else f"{words} (status {reply.status})"
    at = _date(reply.headers.get("date", ""))
    drift = 0.0 if at is None else now - at
    hint = ""
    if abs(drift) > _DRIFT:
        ahead = "ahead of" if drift > 0 else "behind"
        hint = f"the clock of this machine is {abs(drift):.0f} s {ahead} the provider's: set it by NTP"
    final = reply.status in (400, 401, 403, 404)
    return ProviderError(said, hint=hint, retry_after=retry_after(reply.headers, now=now), final=final)


def _date(text: str) -> float | None:
    try:
        return parsedate_to_datetime(text).timestamp()
    except (TypeError, ValueError):
        return None


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None


async def _bounded(response: httpx.Response) -> bytes:
    body = bytearray()
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > _MOST_BYTES:
            raise ProviderError(f"the provider's answer is larger than {_MOST_BYTES} bytes")
    return bytes(body)


def _context(endpoint: Endpoint) -> ssl.SSLContext:
    if endpoint.certificate is None:
        return _verifying(endpoint.roots)
    context = _new_context(endpoint.roots)
    context.load_cert_chain(endpoint.certificate, endpoint.key)
    return context


@cache
def _verifying(roots: Path) -> ssl.SSLContext:
    return _new_context(roots)


def _new_context(roots: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(roots))
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _printable(text: str) -> str:
    """Whatever a provider writes is logged: one line of it, without control characters."""
    return "".join(each if each.isprintable() else " " for each in text)[:_MOST_WORDS].strip()
