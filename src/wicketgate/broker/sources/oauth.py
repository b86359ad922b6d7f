"""OAuth 2.0, client credentials grant (RFC 6749 section 4.4), with every way of saying who asks."""

from __future__ import annotations

import base64
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote_plus

from wicketgate.broker.client_assertion import ASSERTION_TYPE, client_assertion
from wicketgate.broker.provider_http import Endpoint, post_form, token_of
from wicketgate.broker.source import Obtain, Obtained, Source, Surroundings
from wicketgate.ir.credentials.oauth import ClientCertificate, ClientSecret, OAuthToken, PrivateKeyJwt
from wicketgate.secret_value import SecretValue

Form = list[tuple[str, str]]


def _open(credential: OAuthToken, _: str, surroundings: Surroundings) -> Obtain:
    async def obtain() -> Obtained:
        now = surroundings.clock()
        client_id = surroundings.texts.text(credential.client_id).reveal()
        form: Form = [("grant_type", "client_credentials"), *credential.parameters]
        proof, headers = _client(credential, client_id, surroundings)
        with _endpoint(credential, surroundings) as endpoint:
            found = await post_form(endpoint, [*form, *proof], headers=headers, now=now)
        return token_of(found, now=now)

    return obtain


def _client(credential: OAuthToken, client_id: str, surroundings: Surroundings) -> tuple[Form, dict[str, str]]:
    """Return what says who asks: fields of the form, and headers."""
    match credential.client:
        case ClientSecret(secret, in_form=True):
            return [("client_id", client_id), ("client_secret", surroundings.texts.text(secret).reveal())], {}
        case ClientSecret(secret):
            return [], {"authorization": _basic(client_id, surroundings.texts.text(secret))}
        case PrivateKeyJwt(key, algorithm, key_id, audience):
            assertion = client_assertion(
                client_id,
                key=surroundings.texts.text(key),
                algorithm=algorithm,
                key_id=key_id,
                audience=audience or credential.token_url,
                now=surroundings.clock(),
            )
            return [("client_assertion_type", ASSERTION_TYPE), ("client_assertion", assertion)], {}
        case ClientCertificate():
            return [("client_id", client_id)], {}


def _basic(client_id: str, secret: SecretValue) -> str:
    """RFC 6749 section 2.3.1: both are form-encoded before they are joined."""
    joined = f"{quote_plus(client_id)}:{quote_plus(secret.reveal())}"
    return f"Basic {base64.b64encode(joined.encode()).decode()}"


@contextmanager
def _endpoint(credential: OAuthToken, surroundings: Surroundings) -> Iterator[Endpoint]:
    roots = surroundings.project / credential.ca if credential.ca else surroundings.roots
    if not isinstance(credential.client, ClientCertificate):
        yield Endpoint(credential.token_url, roots)
        return
    pair = surroundings.key_pair(credential.client.name)
    with _memory_file(pair.chain) as certificate, _memory_file(pair.key.reveal()) as key:
        yield Endpoint(credential.token_url, roots, certificate, key)


@contextmanager
def _memory_file(text: str) -> Iterator[Path]:
    """The TLS library reads keys from files only. This one is memory of the process, in no directory, and ends with
    it, however that ends (https://man7.org/linux/man-pages/man2/memfd_create.2.html)."""
    with os.fdopen(os.memfd_create("tls", os.MFD_CLOEXEC), "w") as file:
        file.write(text)
        file.flush()
        yield Path(f"/proc/self/fd/{file.fileno()}")


SOURCE = Source(credential=OAuthToken, open=_open)
