"""What policies come down to: small changes of a request or a response, in the user's order."""

from __future__ import annotations

from dataclasses import dataclass

from wicketgate.ir.credentials.base import Credential
from wicketgate.ir.origin import Signing
from wicketgate.ir.secrets import TextSecret


@dataclass(frozen=True, slots=True)
class SetHeader:
    """Give a header a value; without `overwrite` only when the message has none of that name."""

    name: str
    value: str
    overwrite: bool = True


@dataclass(frozen=True, slots=True)
class RemoveHeader:
    name: str


@dataclass(frozen=True, slots=True)
class ClearHeaders:
    """Remove all headers but `keep` and those without which the message cannot be carried."""

    keep: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SetQuery:
    """Give a query parameter a value; without `overwrite` only when the request has none of that name."""

    name: str
    value: str
    overwrite: bool = True


@dataclass(frozen=True, slots=True)
class RemoveQuery:
    name: str


@dataclass(frozen=True, slots=True)
class LimitRequestSize:
    """Answer 413 to a body above `max_bytes`: by its declared length, or by counting it."""

    max_bytes: int
    trust_content_length: bool


@dataclass(frozen=True, slots=True)
class SecretHeader:
    """Send a secret in a header: becomes a proof of the origin."""

    name: str
    secret: TextSecret


@dataclass(frozen=True, slots=True)
class SecretQuery:
    """Send a secret in the query: becomes a proof of the origin."""

    name: str
    secret: TextSecret


@dataclass(frozen=True, slots=True)
class SendToken:
    """Send a token of the broker's in a header: becomes a proof of the origin, if it is one of `hosts`, or they are
    none."""

    name: str
    prefix: str
    credential: Credential
    hosts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SignRequest:
    """Sign the request with keys of the broker's: becomes a proof of the origin, if it is one of `hosts`, or they are
    none."""

    credential: Credential
    signing: Signing
    hosts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SetStatus:
    """Replace the status of the response."""

    status: int


@dataclass(frozen=True, slots=True)
class RequireClientCertificate:
    """Answer 401 unless the caller has shown a certificate that is verified; then its subject is the user.

    `issuer` must have issued it, whatever the case and the spaces of its name; `optional` lets others pass without a
    user.
    """

    issuer: str | None = None
    optional: bool = False


HeaderStep = SetHeader | RemoveHeader | ClearHeaders
RequestFilterStep = HeaderStep | SetQuery | RemoveQuery | LimitRequestSize | RequireClientCertificate
CredentialStep = SendToken | SignRequest
InboundStep = RequestFilterStep | SecretHeader | SecretQuery | CredentialStep
OutboundStep = SetHeader | RemoveHeader | ClearHeaders | SetStatus
