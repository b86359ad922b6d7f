"""google-auth on our own requests: bounded, over verified TLS, one attempt at a time, outside the event loop."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC
from typing import Any, TypeVar

from wicketgate.broker.provider_http import Endpoint, json_object, life_until, send_from_thread, token_of
from wicketgate.broker.provider_words import Reply
from wicketgate.broker.source import Obtained, ProviderError, Surroundings
from wicketgate.secret_value import SecretValue

T = TypeVar("T")

TOKEN_ENDPOINT = "https://oauth2.googleapis.com/token"  # noqa: S105 - an address
_NEEDED = ("type", "client_email", "private_key")


@dataclass(frozen=True, slots=True)
class Response:
    """What google-auth reads of an answer (`google.auth.transport.Response`)."""

    status: int
    headers: Mapping[str, str]
    data: bytes


class Transport:
    """Sends what google-auth wants sent (`google.auth.transport.Request`), from another thread.

    A refusal, or an answer without a token, is raised here, before the library tries again by itself: the lease knows
    when to.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, surroundings: Surroundings) -> None:
        self._loop = loop
        self._surroundings = surroundings
        self.answer = Reply(0, b"", {})
        """The latest good answer: the library counts ends by our clock, and drops what the headers say."""

    def __call__(
        self, url: str, method: str = "GET", body: Any = None, headers: Mapping[str, str] | None = None, **_: Any
    ) -> Response:
        content = body.encode() if isinstance(body, str) else body or b""
        endpoint = Endpoint(url, self._surroundings.roots)
        reply = send_from_thread(self._loop, endpoint, method, content, headers=headers or {})
        found = json_object(reply, now=self._surroundings.clock())
        if not (found.get("access_token") or found.get("id_token")):
            raise ProviderError("Google's answer has no token")
        self.answer = reply
        return Response(reply.status, reply.headers, reply.body)


async def in_thread(surroundings: Surroundings, work: Callable[[Transport], T]) -> T:
    """Run what the library does. Raises `ProviderError`."""
    from google.auth.exceptions import GoogleAuthError

    transport = Transport(asyncio.get_running_loop(), surroundings)
    try:
        return await surroundings.in_thread(work, transport)
    # The library trips over answers that lack what it expects, and its own words may hold the whole answer.
    except (GoogleAuthError, AttributeError, KeyError, OverflowError, RecursionError, TypeError, ValueError) as error:
        raise ProviderError(f"Google's answer cannot be used: {type(error).__name__}") from None


def account_of(text: SecretValue, *, token_endpoint: str) -> dict[str, str]:
    """Return a service account's key as the library takes it. Raises `ProviderError` that says what is wrong."""
    try:
        found = json.loads(text.reveal())
    except (ValueError, RecursionError):
        raise _unusable("is not JSON", "paste the whole key file, on one line") from None
    if not isinstance(found, dict) or any(not isinstance(found.get(name), str) for name in _NEEDED):
        raise _unusable(f"lacks one of {', '.join(_NEEDED)}", "it is the JSON key of a service account, nothing else")
    if found["type"] != "service_account":
        raise _unusable("is no key of a service account", "make one for the account under `Keys`")
    # Pasted through shells and variables, line breaks often arrive as a backslash and an n.
    key = found["private_key"].replace("\\n", "\n")
    return {**found, "private_key": key, "token_uri": token_endpoint or TOKEN_ENDPOINT}


def signer_of(account: Mapping[str, str]) -> Any:
    """Return the key that signs. Raises `ProviderError` when it is none."""
    from google.auth import crypt

    try:
        return crypt.RSASigner.from_service_account_info(account)
    except Exception:
        raise _unusable("has a `private_key` that is none", "paste the whole key file again") from None


def obtained(token: str | bytes | None, expiry: Any, *, now: float) -> Obtained:
    """Return a token that the library signed, with its end, which it gives as naive UTC. Raises `ProviderError` for
    what is none."""
    text = token.decode() if isinstance(token, bytes) else token
    life = None if expiry is None else expiry.replace(tzinfo=UTC).timestamp() - now
    return token_of({"access_token": text, "expires_in": life}, now=now)


def id_token(token: object, reply: Reply, *, now: float) -> Obtained:
    """Return an ID token of an answer, which says inside only when it ends. Raises `ProviderError` for what is none."""
    import jwt

    try:
        claims = jwt.decode(str(token), options={"verify_signature": False})
        ends = float(claims["exp"])
        # Without a `Date` and by a clock that is behind, it would seem to live longer than any does.
        longest = ends - float(claims.get("iat", 0))
    except (jwt.PyJWTError, KeyError, OverflowError, RecursionError, TypeError, ValueError):
        raise ProviderError("Google's ID token has no end") from None
    return token_of({"access_token": str(token), "expires_in": min(longest, life_until(ends, reply, now=now))}, now=now)


def _unusable(what: str, hint: str) -> ProviderError:
    return ProviderError(f"the service account's JSON {what}", hint=hint, final=True)
