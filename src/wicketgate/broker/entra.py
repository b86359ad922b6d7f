"""msal on our own requests: bounded, over verified TLS, one attempt at a time, outside the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from wicketgate.broker.provider_http import (
    Endpoint,
    json_object,
    life_of,
    life_until,
    number_of,
    send_from_thread,
    token_of,
)
from wicketgate.broker.provider_words import Reply, plaintext, refusal
from wicketgate.broker.source import Obtained, ProviderError, Surroundings
from wicketgate.json_types import JsonObject
from wicketgate.plain_http import is_private

_LOOK = "compare the tenant id and the authority; the certificate or key must be PEM"
_NOT_HERE = "is the gateway running in Azure, and has its machine an identity? Service Fabric is not supported"


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
        """Nothing is raised here: what msal sees is good, or a challenge."""


class _Client:
    """Sends what msal wants sent, from another thread, and to `endpoint` where there is one.

    Refusals and answers that are no JSON are raised here: msal writes those into the log, token and all. It counts
    ends by our clock, too; so a token is taken from the answer itself. `hint` is for where nobody answers.
    """

    def __init__(
        self, loop: asyncio.AbstractEventLoop, surroundings: Surroundings, *, endpoint: str, hint: str
    ) -> None:
        self._loop = loop
        self._surroundings = surroundings
        self._endpoint = endpoint.rstrip("/")
        self._hint = hint
        self.token: Obtained | None = None

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
        moved, now = self._moved(url), self._surroundings.clock()
        if not is_private(moved):
            raise plaintext(moved)
        endpoint = Endpoint(moved, self._surroundings.roots)
        try:
            reply = send_from_thread(self._loop, endpoint, method, body, headers=headers)
        except ProviderError as error:
            raise ProviderError(error.message, hint=self._hint) from None
        if not _is_challenge(reply, headers):
            found = _good(reply, now=now)
            self.token = _token(found, reply, now=now) if "access_token" in found else None
        return _Response(reply.status, reply.body.decode(errors="replace"), reply.headers)

    def _moved(self, url: str) -> str:
        return self._endpoint + urlsplit(url)._replace(scheme="", netloc="").geturl() if self._endpoint else url


async def application_token(application: Application, proof: object, surroundings: Surroundings) -> Obtained:
    """Ask Entra by the client credentials grant; `proof` is what msal calls a client credential.

    Raises `ProviderError` with Entra's own code (`AADSTS…`) and description.
    """

    def ask(client: _Client) -> None:
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
        asking.acquire_token_for_client(scopes=[application.scope])

    return await _asked(ask, surroundings, hint=_LOOK)


async def managed_token(resource: str, client_id: str, surroundings: Surroundings, *, endpoint: str = "") -> Obtained:
    """Ask the machine's metadata service, which msal finds as the platform says, or its like at `endpoint`.

    Raises `ProviderError`.
    """

    def ask(client: _Client) -> None:
        import msal

        assigned = msal.UserAssignedManagedIdentity(client_id=client_id) if client_id else None
        identity = assigned or msal.SystemAssignedManagedIdentity()
        asking = msal.ManagedIdentityClient(identity, http_client=client)
        asking.acquire_token_for_client(resource=resource)

    return await _asked(ask, surroundings, hint=_NOT_HERE, endpoint=endpoint)


async def _asked(
    ask: Callable[[_Client], None], surroundings: Surroundings, *, hint: str, endpoint: str = ""
) -> Obtained:
    client = _Client(asyncio.get_running_loop(), surroundings, endpoint=endpoint, hint=hint)
    try:
        await surroundings.in_thread(ask, client)
    # msal raises what it trips over; its words may quote what it was given.
    except (ValueError, TypeError, KeyError, AttributeError, RuntimeError, OSError) as error:
        raise ProviderError(f"Entra could not be asked: {type(error).__name__}", hint=hint) from None
    if client.token is None:
        raise ProviderError("the provider's answer has no `access_token` that could be sent", hint=hint)
    return client.token


def _good(reply: Reply, *, now: float) -> JsonObject:
    if reply.status != 200:
        raise _explained(refusal(reply, now=now))
    return json_object(reply, now=now)


def _explained(told: ProviderError) -> ProviderError:
    """The numbers that follow Entra's words differ each time, and would look like another error."""
    words = told.message.partition(" Trace ID:")[0].strip()
    return ProviderError(words, hint=told.hint, retry_after=told.retry_after, final=told.final)


def _is_challenge(reply: Reply, headers: Mapping[str, str]) -> bool:
    """Tell whether a machine in Azure Arc names the file that lets us ask
    (https://learn.microsoft.com/azure/azure-arc/servers/managed-identity-authentication)."""
    asked = reply.headers.get("www-authenticate", "").lower().startswith("basic realm=")
    return reply.status == 401 and asked and "authorization" not in (name.lower() for name in headers)


def _token(found: JsonObject, reply: Reply, *, now: float) -> Obtained:
    """Return the token of an answer, of which metadata services name the end only, or the life when it was new."""
    lives = [life_of(found["expires_in"])] if "expires_in" in found else []
    if "expires_on" in found:
        lives.append(life_until(number_of(found["expires_on"], "expires_on"), reply, now=now))
    return token_of({**found, "expires_in": min(lives, default=None)}, now=now)


def _with(url: str, params: Mapping[str, str] | None) -> str:
    return f"{url}?{urlencode(params)}" if params else url
