"""One request to a provider: bounded, over verified TLS, followed nowhere, and its refusal in its own words."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from wicketgate.broker.clock_drift import CLOCKS
from wicketgate.broker.provider_words import Reply, printable, refusal, secrets_of
from wicketgate.broker.source import SHORT, Obtained, ProviderError
from wicketgate.json_types import Json, JsonObject
from wicketgate.secret_value import SecretValue

_SECONDS = 10.0
_THREAD_SECONDS = 25.0
"""For a thread whose request waits in the loop: longer than the request may take."""
_MOST_BYTES = 256 * 1024
_LONGEST_LIFE = 366 * 86_400.0
"""Seconds. What lives longer is asked for again after these."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A URL and how its server is verified; `certificate` and `key` are PEM files that we show, if any."""

    url: str
    roots: Path
    certificate: Path | None = None
    key: Path | None = None

    @property
    def shown(self) -> str:
        """The URL for people, without the query: some providers want a key there."""
        return urlsplit(self.url)._replace(query="").geturl()


async def post_form(
    endpoint: Endpoint, form: Sequence[tuple[str, str]], *, headers: Mapping[str, str] | None = None, now: float
) -> JsonObject:
    """Send a form and return the JSON object that answers it. Raises `ProviderError`."""
    body = str(httpx.QueryParams(list(form))).encode()
    typed = {"content-type": "application/x-www-form-urlencoded", **(headers or {})}
    return json_object(await send(endpoint, "POST", body, headers=typed), now=now)


async def send(endpoint: Endpoint, method: str, body: bytes, *, headers: Mapping[str, str]) -> Reply:
    """Send one request. Raises `ProviderError` when there is no answer, or more of it than a token needs."""
    # A compressed answer could be any size.
    asked = {"accept": "application/json", "accept-encoding": "identity", **headers}
    try:
        async with (
            asyncio.timeout(_SECONDS),
            httpx.AsyncClient(verify=_context(endpoint), timeout=_patience(), trust_env=False) as client,
            client.stream(method, endpoint.url, content=body, headers=asked) as response,
        ):
            CLOCKS.note(response.url.host, response.headers.get("date", ""), now=time.time())
            answer = await _bounded(response)
            secrets = secrets_of(body, headers, _query(endpoint, method))
            return Reply(response.status_code, answer, dict(response.headers), secrets)
    except (httpx.TimeoutException, TimeoutError):
        raise ProviderError(f"no answer from {endpoint.shown} in time") from None
    except (httpx.LocalProtocolError, UnicodeError):
        # Their words quote what was to be sent.
        raise ProviderError(f"what {endpoint.shown} would be sent holds a character that no header carries") from None
    except httpx.RemoteProtocolError as error:
        # After a colon its words quote what was answered, which may be the token.
        raise _unreached(endpoint, str(error).partition(":")[0]) from None
    except (httpx.HTTPError, httpx.InvalidURL, ssl.SSLError, OSError) as error:
        raise _unreached(endpoint, str(error) or type(error).__name__) from None


def send_from_thread(
    loop: asyncio.AbstractEventLoop, endpoint: Endpoint, method: str, body: bytes, *, headers: Mapping[str, str]
) -> Reply:
    """Do the same by `loop` for another thread, in which a vendor's library blocks."""
    sending = send(endpoint, method, body, headers=headers)
    return asyncio.run_coroutine_threadsafe(sending, loop).result(_THREAD_SECONDS)


def _unreached(endpoint: Endpoint, words: str) -> ProviderError:
    return ProviderError(f"cannot reach {endpoint.shown}: {printable(words)}")


def _query(endpoint: Endpoint, method: str) -> str:
    """Return what whoever wrote the URL put into its query. What we ask with a form is in there; what we ask without
    one is no secret."""
    return urlsplit(endpoint.url).query if method == "POST" else ""


def _patience() -> httpx.Timeout:
    # A handshake that is cut off from outside leaves its connection open: two steps of connecting end before.
    return httpx.Timeout(_SECONDS, connect=_SECONDS * 0.4)


def json_object(reply: Reply, *, now: float) -> JsonObject:
    """Return the object of a good answer. Raises `ProviderError` with the provider's words for any other."""
    if not 200 <= reply.status < 300:
        raise refusal(reply, now=now)
    found = reply.parsed
    if not isinstance(found, dict):
        raise ProviderError("the provider's answer is not a JSON object")
    return found


def token_of(found: JsonObject, *, now: float, field: str = "access_token") -> Obtained:
    """Return the token of an answer as RFC 6749 section 5.1 has it. Raises `ProviderError` for what cannot be sent.

    A token without `expires_in` lives short: nobody knows how long. `now` is when it was asked for at the latest.
    """
    token = found.get(field)
    if not isinstance(token, str) or not token or not token.isascii() or not token.isprintable():
        raise ProviderError(f"the provider's answer has no `{field}` that could be sent")
    kind = found.get("token_type", "Bearer")
    if not isinstance(kind, str) or kind.lower() not in ("bearer", "n_a"):
        raise ProviderError(f"the provider gives tokens of another kind: {printable(str(kind))}")
    return Obtained(SecretValue(token), now + life_of(found.get("expires_in")))


def life_of(seconds: Json) -> float:
    """Return a life in seconds; what is missing is short, what is very long is a year. Raises `ProviderError` for what
    is none."""
    if seconds is None:
        return SHORT
    life = number_of(seconds, "expires_in")
    if not life > 0:
        raise ProviderError("the provider's `expires_in` is not the life of a token")
    return min(life, _LONGEST_LIFE)


def number_of(value: Json, field: str) -> float:
    """Return a number, which some write as a text. Raises `ProviderError` for what is none."""
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        raise ProviderError(f"the provider's `{field}` is not a number") from None


def life_until(ends: float, reply: Reply, *, now: float) -> float:
    """Return the seconds from `now`, our time, to an end that the provider names by its own clock; at most a year."""
    return min(ends - reply.time(now), _LONGEST_LIFE)


async def _bounded(response: httpx.Response) -> bytes:
    body = bytearray()
    async for chunk in response.aiter_raw():
        body += chunk
        if len(body) > _MOST_BYTES:
            raise ProviderError(f"the provider's answer is larger than {_MOST_BYTES} bytes")
    return bytes(body)


def _context(endpoint: Endpoint) -> ssl.SSLContext:
    if endpoint.certificate is None:
        return _verifying(endpoint.roots, endpoint.roots.stat().st_mtime_ns)
    context = _new_context(endpoint.roots)
    context.load_cert_chain(endpoint.certificate, endpoint.key)
    return context


@lru_cache(maxsize=64)
def _verifying(roots: Path, _: int) -> ssl.SSLContext:
    """Making one takes longer than a request; the file's time, so that a changed one counts at once."""
    return _new_context(roots)


def _new_context(roots: Path) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=str(roots))
    except ssl.SSLError:
        raise ProviderError(f"there is no certificate authority in {roots.name}", hint="it must be PEM") from None
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
