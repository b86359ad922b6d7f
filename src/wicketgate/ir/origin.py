"""Origins: where they are, how packets get there (link), and what they check (proof)."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from wicketgate.ir.secrets import TextSecret


class Protocol(StrEnum):
    """What is spoken to the origin."""

    HTTP1 = "http1"
    HTTP2 = "http2"
    AUTO = "auto"


@dataclass(frozen=True, slots=True)
class SystemRoots:
    """Trust in the certificate authorities of the operating system."""


@dataclass(frozen=True, slots=True)
class VerifiedTLS:
    """TLS 1.2 or later to a server that shows a trusted certificate for `name`."""

    trust: SystemRoots
    name: str


@dataclass(frozen=True, slots=True)
class Plaintext:
    """No TLS, because of `reason`; never chosen by leaving something out."""

    reason: str


Link = VerifiedTLS | Plaintext


@dataclass(frozen=True, slots=True)
class HeaderProof:
    """The origin checks a secret in this header."""

    header: str
    secret: TextSecret


@dataclass(frozen=True, slots=True)
class QueryProof:
    """The origin checks a secret in this query parameter."""

    parameter: str
    secret: TextSecret


Proof = HeaderProof | QueryProof


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A host name or an address (IPv6 without brackets) and a port."""

    host: str
    port: int


@dataclass(frozen=True, slots=True)
class Retries:
    """Seconds throughout."""

    attempts: int = 2
    back_off: float = 0.025
    max_back_off: float = 0.25
    per_try_timeout: float | None = None
    status_codes: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class CircuitLimits:
    connections: int = 1024
    pending_requests: int = 1024
    requests: int = 4096
    retries: int = 64


@dataclass(frozen=True, slots=True)
class PassiveHealth:
    consecutive_errors: int = 5
    ejection_time: float = 30.0
    max_ejected_percent: int = 50


@dataclass(frozen=True, slots=True)
class Origin:
    """A backend. `authority` is the Host that is sent; times are seconds, 0 is no limit."""

    name: str
    authority: str
    endpoints: tuple[Endpoint, ...]
    link: Link
    protocol: Protocol = Protocol.HTTP1
    connect_timeout: float = 5.0
    timeout: float = 0.0
    idle_timeout: float = 60.0
    retries: Retries = field(default_factory=Retries)
    circuit_limits: CircuitLimits = field(default_factory=CircuitLimits)
    passive_health: PassiveHealth | None = field(default_factory=PassiveHealth)


@dataclass(frozen=True, slots=True)
class Upstream:
    """An origin with the proofs that one route's policies send it: one Envoy cluster each."""

    origin: Origin
    proofs: tuple[Proof, ...] = ()
