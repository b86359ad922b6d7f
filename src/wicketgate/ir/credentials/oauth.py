"""Tokens of an OAuth 2.0 provider by the client credentials grant (RFC 6749 section 4.4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from wicketgate.ir.credentials.base import Credential, server_of
from wicketgate.ir.secrets import TextSecret


@dataclass(frozen=True, slots=True)
class ClientSecret:
    """RFC 6749 section 2.3.1: in the `Authorization` header, or in the form."""

    secret: TextSecret
    in_form: bool = False


@dataclass(frozen=True, slots=True)
class PrivateKeyJwt:
    """RFC 7523 section 2.2. `key` is PEM; the token's audience is the token endpoint unless it is given."""

    key: TextSecret
    algorithm: str
    key_id: str = ""
    audience: str = ""


@dataclass(frozen=True, slots=True)
class ClientCertificate:
    """RFC 8705 section 2: a certificate of `wicket cert list`, shown to the token endpoint."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OAuthToken(Credential):
    """`parameters` are further fields of the form, in order; `ca` is a PEM file of the project, or empty for the
    system's roots."""

    kind: ClassVar[str] = "oauth"

    token_url: str
    client_id: TextSecret
    client: ClientSecret | PrivateKeyJwt | ClientCertificate
    parameters: tuple[tuple[str, str], ...] = ()
    ca: str = ""

    @property
    def asked(self) -> str:
        return server_of(self.token_url)

    @property
    def authorities(self) -> str:
        return self.ca

    @property
    def certificate(self) -> str:
        return self.client.name if isinstance(self.client, ClientCertificate) else ""
