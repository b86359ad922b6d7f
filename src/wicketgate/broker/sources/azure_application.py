"""Entra tokens of an application, by a secret, a certificate or a token that the platform keeps in a file."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from wicketgate.broker.entra import Application, application_token
from wicketgate.broker.source import Obtain, Obtained, ProviderError, Source, Surroundings
from wicketgate.ir.credentials.azure import AppCertificate, AppSecret, EntraFederatedToken, EntraToken, TokenFile


def _open(credential: EntraToken, _: str, surroundings: Surroundings) -> Obtain:
    async def obtain() -> Obtained:
        application = application_of(credential, surroundings)
        return await application_token(application, _proof(credential, surroundings), surroundings)

    return obtain


def application_of(credential: EntraToken | EntraFederatedToken, surroundings: Surroundings) -> Application:
    """Return who asks for what, with the values of variables. Raises `WicketError` for one that is not set."""
    text = surroundings.texts.text
    client_id = text(credential.client_id).reveal()
    scope = text(credential.scope).reveal() or f"{client_id}/.default"
    return Application(credential.authority, text(credential.tenant).reveal(), client_id, scope)


def _proof(credential: EntraToken, surroundings: Surroundings) -> object:
    """Return what msal calls a client credential."""
    match credential.proof:
        case AppSecret(secret):
            return surroundings.texts.text(secret).reveal()
        case AppCertificate(name):
            pair = surroundings.key_pair(name)
            return {"private_key": pair.key.reveal(), "public_certificate": pair.chain}
        case TokenFile(path):
            return {"client_assertion": partial(_written, Path(path))}


def _written(path: Path) -> str:
    try:
        token = path.read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        raise ProviderError(f"cannot read the token in {path}", hint="the platform mounts it: see the pod") from None
    if not token:
        raise ProviderError(f"{path} is empty", hint="the platform writes a token into it: see the pod")
    return token


SOURCE = Source(credential=EntraToken, open=_open)
