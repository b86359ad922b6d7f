"""Inbound steps part into filters of the route and proofs of the origin.

Proofs act last, after every step of the route. A step behind a secret that would undo it in the user's order
therefore takes the proof away, and the user is told.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass, field

from wicketgate.ir.credentials.aws import in_region
from wicketgate.ir.credentials.base import CredentialUse
from wicketgate.ir.credentials.gateway_token import GatewayToken
from wicketgate.ir.origin import HeaderProof, Origin, Proof, QueryProof, SignatureProof, Signing, TokenProof
from wicketgate.ir.secrets import BrokeredToken
from wicketgate.ir.steps import (
    ClearHeaders,
    CredentialStep,
    InboundStep,
    RemoveHeader,
    RemoveQuery,
    RequestFilterStep,
    RequireClientCertificate,
    SecretHeader,
    SecretQuery,
    SendToken,
    SetHeader,
    SetQuery,
    SignRequest,
)
from wicketgate.resolve.authority import split_host_port
from wicketgate.resolve.aws_hosts import told_by

SIGNATURE_HEADER = "authorization"
SIGNATURE_HEADERS = (
    SIGNATURE_HEADER,
    "x-amz-content-sha256",
    "x-amz-date",
    "x-amz-region-set",
    "x-amz-security-token",
)
"""What a signature consists of. The caller's own never pass beside ours."""

HeaderStep = SecretHeader | CredentialStep

_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(slots=True)
class SplitSteps:
    """`undone` names headers and parameters whose secret a later step takes away again."""

    filters: list[RequestFilterStep] = field(default_factory=list)
    headers: dict[str, HeaderStep] = field(default_factory=dict)
    parameters: dict[str, QueryProof] = field(default_factory=dict)
    undone: list[str] = field(default_factory=list)

    @property
    def credentials(self) -> tuple[CredentialStep, ...]:
        return tuple(step for step in self.headers.values() if isinstance(step, CredentialStep))

    @property
    def signing(self) -> Signing | None:
        """How the request is signed, if a step signs it."""
        step = self.headers.get(SIGNATURE_HEADER)
        return step.signing if isinstance(step, SignRequest) else None

    @property
    def proves(self) -> bool:
        """Whether any origin could check anything."""
        return bool(self.headers or self.parameters)

    def proofs(self, origin: Origin) -> tuple[Proof, ...]:
        """Return what this origin is sent. A signature comes last, for it covers the rest."""
        bound = [_bound(step, origin) for step in self.headers.values()]
        unsigned = (proof for proof in bound if not isinstance(proof, SignatureProof))
        signed = (proof for proof in bound if isinstance(proof, SignatureProof))
        return (*unsigned, *self.parameters.values(), *signed)


def speaks_beside_caller(steps: Iterable[InboundStep]) -> bool:
    """Tell whether a step finds out who the caller is, and a later one sends a token in the gateway's own name."""
    known = False
    for step in steps:
        known = known or isinstance(step, RequireClientCertificate)
        if known and isinstance(step, SendToken) and isinstance(step.credential, GatewayToken):
            return True
    return False


def split_proofs(steps: Iterable[InboundStep]) -> SplitSteps:
    """Part the steps of one route."""
    split = SplitSteps()
    for step in steps:
        match step:
            case SecretHeader(name) | SendToken(name):
                split.headers.pop(name, None)
                split.headers[name] = step
            case SignRequest():
                split.headers.pop(SIGNATURE_HEADER, None)
                split.headers[SIGNATURE_HEADER] = step
            case SecretQuery(name, secret):
                split.parameters.pop(name, None)
                split.parameters[name] = QueryProof(name, secret)
            case _:
                _undo(split, step)
                split.filters.append(step)
    return split


def is_host(url: str, allowed: str) -> bool:
    """Tell whether a URL leads to the allowed authority: a host, with any port unless it names one, or `*.` and the
    domain of which it may be any name. Raises `AuthorityError` for what is none."""
    scheme, _, authority = url.partition("://")
    host, port = split_host_port(authority)
    wanted, wanted_port = split_host_port(allowed.removeprefix("*."))
    named = host.endswith(f".{wanted}") if allowed.startswith("*.") else host == wanted
    return named and wanted_port in (None, port or _DEFAULT_PORTS[scheme])


def signing_for(signing: Signing, authority: str) -> Signing:
    """Return how requests to this host are signed: what is empty stays so where the host does not tell it."""
    if signing.service and signing.region:
        return signing
    service, region = told_by(authority)
    return dataclasses.replace(signing, service=signing.service or service, region=signing.region or region)


def _bound(step: HeaderStep, origin: Origin) -> Proof:
    match step:
        case SecretHeader(name, secret):
            return HeaderProof(name, secret)
        case SendToken(name, prefix, credential):
            return TokenProof(
                name, BrokeredToken(CredentialUse(credential.bound(origin.url), origin.authority), prefix)
            )
        case SignRequest(credential, signing):
            told = signing_for(signing, origin.authority)
            keys = in_region(credential.bound(origin.url), told.region)
            return SignatureProof(CredentialUse(keys, origin.authority), told)


def _undo(split: SplitSteps, step: RequestFilterStep) -> None:
    match step:
        case SetHeader(name, overwrite=True) | RemoveHeader(name):
            gone = [name] if split.headers.pop(name, None) else []
        case ClearHeaders(keep):
            gone = [name for name in split.headers if name not in keep]
            for name in gone:
                del split.headers[name]
        case SetQuery(name, overwrite=True) | RemoveQuery(name):
            gone = [name] if split.parameters.pop(name, None) else []
        case _:
            gone = []
    split.undone += gone
