"""msal on our own requests: bounded, over verified TLS, one attempt at a time, outside the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from wicketgate.broker.provider_http import Endpoint, send, token_of
from wicketgate.broker.provider_words import Reply, printable, refusal
from wicketgate.broker.source import Obtained, ProviderError, Surroundings
from wicketgate.json_types import JsonObject

_ASK_SECONDS = 25.0
_CLIENT_FAULTS = range(400, 500)
_TOO_MANY = 429


@dataclass(frozen=True, slots=True)
class Application:
    """Who asks Entra for what."""

    authority: str
    tenant: str
    client_id: str
    scope: str


@dataclass(frozen=True, slots=True)
class _Response:
    """What msal reads of an answer."""

    status_code: int
    text: str
    headers: Mapping[str, str]

    def raise_for_status(self) -> None:
        if self.status_code >= 400:
            raise ProviderError(f"status {self.status_code}")


class _Client:
    """Sends what msal wants sent, from another thread, and to `endpoint` where there is one. What is not for msal to
    explain is raised here."""

    def __init__(self, loop: asyncio.AbstractEventLoop, surroundings: Surroundings, *, endpoint: str = "") -> None:
        self._loop = loop
        self._surroundings = surroundings
        self._endpoint = endpoint.rstrip("/")
        self.refused: Reply | None = None
        """The latest answer, if it was no success: msal drops what its headers say, and some of its words."""

    def post(
        self,
        url: str,
        params: Mapping[str, str] | None = None,
        data: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        **_: object,
    ) -> _Response:
        typed = {"content-type": "application/x-www-form-urlencoded", **(headers or {})}
        return self._send("POST", _with(url, params), urlencode(data or {}).encode(), typed)

    def get(
        self, url: str, params: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None, **_: object
    ) -> _Response:
        return self._send("GET", _with(url, params), b"", headers or {})

    def close(self) -> None:
        """Nothing is kept open."""

    def _send(self, method: str, url: str, body: bytes, headers: Mapping[str, str]) -> _Response:
        sending = send(Endpoint(self._moved(url), self._surroundings.roots), method, body, headers=headers)
        reply = asyncio.run_coroutine_threadsafe(sending, self._loop).result(_ASK_SECONDS)
        if reply.status != 200 and (reply.status not in _CLIENT_FAULTS or reply.status == _TOO_MANY):
            raise refusal(reply, now=self._surroundings.clock())
        self.refused = None if reply.status == 200 else reply
        return _Response(reply.status, reply.body.decode(errors="replace"), reply.headers)

    def _moved(self, url: str) -> str:
        return self._endpoint + urlsplit(url)._replace(scheme="", netloc="").geturl() if self._endpoint else url


async def application_token(application: Application, proof: object, surroundings: Surroundings) -> Obtained:
    """Ask Entra by the client credentials grant; `proof` is what msal calls a client credential.

    Raises `ProviderError` with Entra's own code (`AADSTS…`) and description.
    """

    def ask(client: _Client) -> JsonObject:
        import msal

        asking = msal.ConfidentialClientApplication(
            application.client_id,
            client_credential=proof,
            authority=f"{application.authority.rstrip('/')}/{application.tenant}",
            # It would ask Microsoft whether the authority is one, and sovereign clouds cannot be asked there.
            instance_discovery=False,
            validate_authority=False,
            http_client=client,
        )
        found: JsonObject = asking.acquire_token_for_client(scopes=[application.scope])
        return found

    return await _asked(ask, surroundings)


async def managed_token(resource: str, client_id: str, surroundings: Surroundings, *, endpoint: str = "") -> Obtained:
    """Ask the machine's metadata service, which msal finds as the platform says, or its like at `endpoint`.

    Raises `ProviderError`.
    """

    def ask(client: _Client) -> JsonObject:
        import msal

        assigned = msal.UserAssignedManagedIdentity(client_id=client_id) if client_id else None
        identity = assigned or msal.SystemAssignedManagedIdentity()
        asking = msal.ManagedIdentityClient(identity, http_client=client)
        found: JsonObject = asking.acquire_token_for_client(resource=resource)
        return found

    return await _asked(ask, surroundings, endpoint=endpoint)


async def _asked(ask: Callable[[_Client], JsonObject], surroundings: Surroundings, *, endpoint: str = "") -> Obtained:
    client = _Client(asyncio.get_running_loop(), surroundings, endpoint=endpoint)
    try:
        found = await surroundings.in_thread(ask, client)
    # msal raises what it trips over; its words may quote what it was given.
    except (ValueError, TypeError, KeyError, AttributeError, RuntimeError, OSError) as error:
        if client.refused is not None:
            raise _explained(client.refused, now=surroundings.clock()) from None
        raise ProviderError(
            f"Entra could not be asked: {type(error).__name__}",
            hint="compare the tenant id and the authority; the certificate or key must be PEM",
        ) from None
    if client.refused is not None:
        raise _explained(client.refused, now=surroundings.clock())
    if "error" in found:
        raise ProviderError(printable(f"{found['error']}: {found.get('error_description', '')}"), final=True)
    return token_of(found, now=surroundings.clock())


def _explained(reply: Reply, *, now: float) -> ProviderError:
    """The numbers that follow Entra's words differ each time, and would look like another error."""
    told = refusal(reply, now=now)
    words = told.message.partition(" Trace ID:")[0].strip()
    return ProviderError(words, hint=told.hint, retry_after=told.retry_after, final=told.final)


def _with(url: str, params: Mapping[str, str] | None) -> str:
    return f"{url}?{urlencode(params)}" if params else url
