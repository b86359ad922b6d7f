"""Origins: where they are, how packets get there (link), and what they check (proof)."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from enum import StrEnum

from wicketgate.ir.credentials.base import CredentialUse
from wicketgate.ir.secrets import AuthoritySource, BrokeredToken, IdentitySource, TextSecret


class Protocol(StrEnum):
    """What is spoken to the origin."""

    HTTP1 = "http1"
    HTTP2 = "http2"
    AUTO = "auto"


class TLSVersion(StrEnum):
    TLS12 = "1.2"
    TLS13 = "1.3"


class NameKind(StrEnum):
    """Which kind of subject alternative name (RFC 5280 section 4.2.1.6)."""

    DNS = "DNS"
    URI = "URI"
    IP = "IP"


@dataclass(frozen=True, slots=True)
class PeerName:
    """The name that a server's certificate must be for."""

    kind: NameKind
    text: str


@dataclass(frozen=True, slots=True)
class SystemRoots:
    """Trust in the certificate authorities of the operating system."""


@dataclass(frozen=True, slots=True)
class NamedAuthority:
    """Trust in certificate authorities of the operator's own."""

    source: AuthoritySource


@dataclass(frozen=True, slots=True)
class PinnedServer:
    """Trust in single keys or certificates, whoever issued them: SHA-256 of the SubjectPublicKeyInfo in base64
    (RFC 7469 section 2.4), or of the whole certificate in hexadecimal."""

    keys: tuple[str, ...] = ()
    certificates: tuple[str, ...] = ()


Trust = SystemRoots | NamedAuthority | PinnedServer


@dataclass(frozen=True, slots=True)
class VerifiedTLS:
    """TLS to a server that shows a trusted certificate for `name`. `sni` is empty where an address is asked for."""

    trust: Trust
    name: PeerName
    sni: str
    minimum: TLSVersion = TLSVersion.TLS12


@dataclass(frozen=True, slots=True)
class MutualTLS:
    """A verified server, to which the gateway shows a certificate of its own."""

    server: VerifiedTLS
    identity: IdentitySource


@dataclass(frozen=True, slots=True)
class UnverifiedTLS:
    """TLS to whoever answers, because of `reason`; never chosen by leaving something out."""

    reason: str
    sni: str


@dataclass(frozen=True, slots=True)
class Plaintext:
    """No TLS, because of `reason`; never chosen by leaving something out."""

    reason: str


Link = VerifiedTLS | MutualTLS | UnverifiedTLS | Plaintext


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


@dataclass(frozen=True, slots=True)
class TokenProof:
    """The origin checks a token of the broker's in this header."""

    header: str
    token: BrokeredToken


class SigningAlgorithm(StrEnum):
    SIGV4 = "sigv4"
    SIGV4A = "sigv4a"


class Verifier(StrEnum):
    """Who looks at a signature. A guard of ours demands that every header is signed, AWS takes what it is given."""

    AWS = "aws"
    GUARD = "guard"


@dataclass(frozen=True, slots=True)
class Signing:
    """How requests are signed (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html).

    `region` is a set of regions for SigV4A, comma-separated. It and `service` are empty where the host of the origin
    is to tell them. Without `signs_payload` a body passes unread, and its place in the signature says so.
    """

    service: str
    region: str
    algorithm: SigningAlgorithm = SigningAlgorithm.SIGV4
    signs_payload: bool = True
    verifier: Verifier = Verifier.AWS


KEEP_EMPTY_SEGMENTS = frozenset(("s3", "s3-outposts"))
"""Services whose paths are signed as they are; Envoy 1.39 signs others without empty segments (measured)."""


@dataclass(frozen=True, slots=True)
class SignatureProof:
    """The origin checks a signature over the request, in `Authorization`."""

    keys: CredentialUse
    signing: Signing


Proof = HeaderProof | QueryProof | TokenProof | SignatureProof


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A host name or an address (IPv6 without brackets) and a port."""

    host: str
    port: int

    @property
    def is_address(self) -> bool:
        try:
            ipaddress.ip_address(self.host)
        except ValueError:
            return False
        return True


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
    connection_age: float = 3600.0
    timeout: float = 0.0
    idle_timeout: float = 60.0
    retries: Retries = field(default_factory=Retries)
    circuit_limits: CircuitLimits = field(default_factory=CircuitLimits)
    passive_health: PassiveHealth | None = field(default_factory=PassiveHealth)

    @property
    def url(self) -> str:
        """The URL of its authority, without a path."""
        return f"{'http' if isinstance(self.link, Plaintext) else 'https'}://{self.authority}"


@dataclass(frozen=True, slots=True)
class Upstream:
    """An origin with the proofs that one route's policies send it: one Envoy cluster each."""

    origin: Origin
    proofs: tuple[Proof, ...] = ()
    is_lambda: bool = False
    """It is AWS's Lambda, whose answers are results of functions."""
