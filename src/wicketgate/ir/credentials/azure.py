"""Tokens of Microsoft Entra (https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from wicketgate.ir.credentials.base import Credential, server_of
from wicketgate.ir.secrets import TextSecret


@dataclass(frozen=True, slots=True)
class AppSecret:
    """A secret of the application."""

    secret: TextSecret


@dataclass(frozen=True, slots=True)
class AppCertificate:
    """A certificate of the application: a name of `wicket cert list`."""

    name: str


@dataclass(frozen=True, slots=True)
class TokenFile:
    """A token that the platform writes into a file and renews (AKS workload identity)."""

    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EntraToken(Credential):
    """An access token for `scope`. `authority` is the URL of the cloud's login service."""

    kind: ClassVar[str] = "azure"

    authority: str
    tenant: TextSecret
    client_id: TextSecret
    scope: TextSecret
    proof: AppSecret | AppCertificate | TokenFile

    @property
    def asked(self) -> str:
        return server_of(self.authority)

    @property
    def certificate(self) -> str:
        return self.proof.name if isinstance(self.proof, AppCertificate) else ""

    @property
    def file(self) -> str:
        return self.proof.path if isinstance(self.proof, TokenFile) else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EntraFederatedToken(Credential):
    """The same for an application that trusts the gateway's own token: nothing is stored."""

    kind: ClassVar[str] = "azure-federated"
    needs_issuer: ClassVar[bool] = True
    taken_algorithms: ClassVar[tuple[str, ...]] = ("RS256",)

    authority: str
    tenant: TextSecret
    client_id: TextSecret
    scope: TextSecret
    audience: str

    @property
    def asked(self) -> str:
        return server_of(self.authority)


@dataclass(frozen=True, slots=True, kw_only=True)
class ManagedIdentityToken(Credential):
    """A token of the machine's own identity for `scope`; `client_id` empty is the one that the system assigned,
    `endpoint` empty the metadata service that the platform names."""

    kind: ClassVar[str] = "azure-managed"
    of_machine: ClassVar[bool] = True

    scope: TextSecret
    client_id: TextSecret
    endpoint: str = ""

    @property
    def asked(self) -> str:
        return server_of(self.endpoint) if self.endpoint else self.kind
