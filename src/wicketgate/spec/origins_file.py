"""`config/origins.json`: origins declared once, named from routes as `origin://NAME` or matched by URL."""

from __future__ import annotations

import ipaddress
import re
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from wicketgate.spec.base import Spec
from wicketgate.spec.origin_tls import OriginTLS

_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h)")
_UNIT = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


def _duration(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    match = _DURATION.fullmatch(value.strip())
    if not match:
        raise PydanticCustomError(
            "wrong-value",
            "`{value}` is not a duration",
            {"value": value, "hint": "write 500ms, 30s, 5m or 1h, or a number of seconds"},
        )
    return float(match[1]) * _UNIT[match[2]]


Duration = Annotated[float, BeforeValidator(_duration), Field(ge=0, le=86_400)]
"""Seconds as a number, or `500ms`, `30s`, `5m`, `1h`."""
Positive = Annotated[float, BeforeValidator(_duration), Field(ge=0.001, le=86_400)]
"""A duration of a millisecond or more."""
Count = Annotated[int, Field(le=2**32 - 1)]
"""A number that fits what the data plane counts with."""
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$")]


class Retries(Spec):
    """Repeats of safe and idempotent methods (RFC 9110 section 9.2.2); others are repeated only if never sent."""

    attempts: int = Field(default=2, ge=0, le=10)
    """Repeats after the first try; 0 switches them off."""
    back_off: Positive = 0.025
    """Base of the exponential back-off with jitter."""
    max_back_off: Positive = 0.25
    """Its cap."""
    per_try_timeout: Positive | None = None
    """Time for one try; without it only the whole request has a limit."""
    status_codes: tuple[Annotated[int, Field(ge=500, le=599)], ...] = ()
    """Statuses of the origin that are worth a repeat of a safe method, such as 503."""

    @model_validator(mode="after")
    def _growing(self) -> Retries:
        if self.max_back_off < self.back_off:
            raise PydanticCustomError(
                "wrong-value",
                "`maxBackOff` is shorter than `backOff`",
                {"hint": f"write {self.back_off:g}s or more"},
            )
        return self


class CircuitLimits(Spec):
    """What one gateway has open towards the origin at once; more is answered with 503."""

    connections: Count = Field(default=1024, ge=1)
    """Connections."""
    pending_requests: Count = Field(default=1024, ge=1)
    """Requests that wait for a connection."""
    requests: Count = Field(default=4096, ge=1)
    """Requests in flight."""
    retries: Count = Field(default=64, ge=0)
    """Repeats in flight."""


class PassiveHealth(Spec):
    """When an endpoint that fails is left out for a while. With one endpoint nothing is ever left out."""

    enabled: bool = True
    """Watch the endpoints."""
    consecutive_errors: Count = Field(default=5, ge=1)
    """Failures in a row (5xx of the origin or no connection) that eject an endpoint."""
    ejection_time: Positive = 30.0
    """How long the first ejection lasts; later ones last longer."""
    max_ejected_percent: int = Field(default=50, ge=0, le=100)
    """Share of the endpoints that may be out at once."""


class Origin(Spec):
    """One backend: where it is and how packets get there."""

    name: Name
    """Used in `origin://NAME`, in logs and metrics."""
    url: str
    """`http://` or `https://`, host and optional port and path. The host is the name that is verified and sent."""
    endpoints: tuple[str, ...] = ()
    """`HOST:PORT` to connect to instead of the host of `url`; several share the load."""
    protocol: Literal["http1", "http2", "auto"] = "http1"
    """`http2` over http:// is h2c by prior knowledge; `auto` negotiates by ALPN and needs https://."""
    network: Name | None = None
    """A network of this file in which the origin is private; plain http is then no warning."""
    tls: OriginTLS | None = None
    """How the server of an `https://` origin is verified."""
    mtls_certificate: Annotated[str, Field(min_length=1, max_length=120)] | None = None
    """The certificate that the gateway shows to it (mutual TLS): a name of `wicket cert list`. A handler's
    `mtlsCertificate` goes before it."""
    connect_timeout: Positive = 5.0
    """Time to connect, TLS included."""
    connection_age: Positive = 3600.0
    """How old a connection gets before it is replaced: within this time a changed certificate or address takes hold."""
    timeout: Duration = 0.0
    """Time for a whole response; 0 is none, so that streams, gRPC and WebSockets last."""
    idle_timeout: Duration = 60.0
    """Time without a byte in either direction, the wait for a response included; 0 is none. Ends in 504."""
    retries: Retries = Retries()
    circuit_limits: CircuitLimits = CircuitLimits()
    passive_health: PassiveHealth = PassiveHealth()


class Network(Spec):
    """A declared private network: plain http to its addresses is the operator's decision, not an accident."""

    name: Name
    """Named by origins."""
    addresses: tuple[str, ...] = Field(min_length=1)
    """Address ranges such as `10.0.0.0/8`."""

    @field_validator("addresses")
    @classmethod
    def _ranges(cls, addresses: tuple[str, ...]) -> tuple[str, ...]:
        for text in addresses:
            try:
                ipaddress.ip_network(text)
            except ValueError:
                raise PydanticCustomError(
                    "wrong-value",
                    "`{text}` is not an address range",
                    {"text": text, "hint": "write 10.0.0.0/8 or fd00::/8"},
                ) from None
        return addresses


class OriginsFile(Spec):
    """The whole of `origins.json`."""

    origins: tuple[Origin, ...] = ()
    networks: tuple[Network, ...] = ()
