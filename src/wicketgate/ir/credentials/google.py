"""Tokens of Google (https://cloud.google.com/docs/authentication/token-types)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from wicketgate.ir.credentials.base import Credential, server_of
from wicketgate.ir.secrets import TextSecret


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceAccountToken(Credential):
    """With a key of a service account: an ID token for `audience`, or an access token for `scopes`.

    `token_endpoint` empty is Google's own; the one inside the key file is never believed.
    """

    kind: ClassVar[str] = "google"

    account: TextSecret
    audience: str = ""
    scopes: tuple[str, ...] = ()
    token_endpoint: str = ""

    @property
    def asked(self) -> str:
        return server_of(self.token_endpoint) if self.token_endpoint else self.kind


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineToken(Credential):
    """Of the account of the machine itself: an ID token for `audience`, or an access token for `scopes`.

    `endpoint` empty is the metadata server where Google has it.
    """

    kind: ClassVar[str] = "google-machine"
    of_machine: ClassVar[bool] = True

    audience: str = ""
    scopes: tuple[str, ...] = ()
    endpoint: str = ""

    @property
    def asked(self) -> str:
        return server_of(self.endpoint) if self.endpoint else self.kind


@dataclass(frozen=True, slots=True, kw_only=True)
class SelfSignedToken(Credential):
    """A JWT that the key of a service account signs for `audience`; Google is not asked."""

    kind: ClassVar[str] = "google-jwt"

    account: TextSecret
    audience: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FederatedToken(Credential):
    """An ID token for `audience` of a service account, which the gateway's own identity may act as.

    `provider` is `projects/N/locations/global/workloadIdentityPools/P/providers/X`.
    """

    kind: ClassVar[str] = "google-federated"
    needs_issuer: ClassVar[bool] = True
    taken_algorithms: ClassVar[tuple[str, ...]] = ("ES256", "RS256")

    audience: str
    service_account: str
    provider: str
    token_audience: str = ""
    sts_endpoint: str = ""
    iam_endpoint: str = ""

    @property
    def asked(self) -> str:
        asked = (self.sts_endpoint, self.iam_endpoint)
        return " ".join(server_of(each) for each in asked if each) or self.kind

    @property
    def asserted_audience(self) -> str:
        """Whom the gateway's token is for: what a provider expects that names no audience of its own."""
        return self.token_audience or f"https://iam.googleapis.com/{self.provider}"
