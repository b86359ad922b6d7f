"""`tls` of an origin in `origins.json`: what its server must show. Nothing here makes TLS weaker by being left out."""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema, field_validator, model_validator
from pydantic_core import PydanticCustomError

from wicketgate.ir.origin import NameKind, PeerName
from wicketgate.spec.base import Spec
from wicketgate.spec.hosts import is_host_name

_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[\x21-\x7e]+")
_KEY_PIN = "sha256/"
_CERTIFICATE_PIN = "cert-sha256/"
_DIGEST_BYTES = 32


@dataclass(frozen=True, slots=True)
class Pin:
    """SHA-256 of a key in base64, or of a certificate in hexadecimal."""

    of_key: bool
    digest: str


def _pin(value: Any) -> Any:
    if isinstance(value, str) and value.startswith(_KEY_PIN):
        text = value.removeprefix(_KEY_PIN)
        if _is_base64_digest(text):
            return Pin(True, text)
    if isinstance(value, str) and value.startswith(_CERTIFICATE_PIN):
        digits = value.removeprefix(_CERTIFICATE_PIN).replace(":", "").lower()
        if re.fullmatch(r"[0-9a-f]{64}", digits):
            return Pin(False, digits)
    raise PydanticCustomError(
        "wrong-value",
        "this is not a pin",
        {"hint": "write sha256/BASE64 of the server's public key, or cert-sha256/HEX of its certificate"},
    )


def _is_base64_digest(text: str) -> bool:
    try:
        return len(base64.b64decode(text, validate=True)) == _DIGEST_BYTES
    except binascii.Error:
        return False


def _peer_name(value: Any) -> Any:
    kind, colon, text = value.partition(":") if isinstance(value, str) else ("", "", "")
    if colon and kind in NameKind.__members__ and _is_name(NameKind(kind), text):
        return PeerName(NameKind(kind), text.lower() if kind == NameKind.DNS else text)
    raise PydanticCustomError(
        "wrong-value",
        "this is not a name that a certificate can hold",
        {"hint": "write DNS:api.example.com, URI:spiffe://example.com/api or IP:192.0.2.1"},
    )


def _is_name(kind: NameKind, text: str) -> bool:
    match kind:
        case NameKind.DNS:
            return is_host_name(text)
        case NameKind.URI:
            return _URI.fullmatch(text) is not None
        case NameKind.IP:
            try:
                return str(ipaddress.ip_address(text)) == text.lower()
            except ValueError:
                return False


PinText = Annotated[Pin, BeforeValidator(_pin), WithJsonSchema({"type": "string"})]
PeerNameText = Annotated[PeerName, BeforeValidator(_peer_name), WithJsonSchema({"type": "string"})]


class OriginTLS(Spec):
    """How the server of an `https://` origin is verified. Without this section: system roots, and the URL's host."""

    ca: Annotated[str, Field(min_length=1, max_length=1024)] = "system"
    """Who must have issued its certificate: `system` (the operating system's roots), `private` (this installation's own
    authority), the name of a CA certificate of the installation, or a PEM file such as `./certs/corp-ca.pem`."""
    pins: tuple[PinText, ...] = ()
    """Instead of an authority: the keys (`sha256/BASE64`, RFC 7469) or certificates (`cert-sha256/HEX`) of which it
    must show one. No name is compared then, and no date."""
    server_name: str | None = None
    """The name that is asked for (SNI) and verified, where it is not the URL's host."""
    subject_alt_name: PeerNameText | None = None
    """The name that the certificate must hold, where it is not the server name: `DNS:…`, `URI:spiffe://…` or `IP:…`."""
    min_version: Literal["1.2", "1.3"] = "1.2"
    """The oldest TLS that is spoken."""
    unverified: Annotated[str, Field(min_length=10)] | None = None
    """Take whoever answers for the origin, for this reason. `wicket check` shows it each time."""

    @field_validator("server_name")
    @classmethod
    def _host(cls, name: str | None) -> str | None:
        if name is None or is_host_name(name):
            return name.lower() if name else name
        raise PydanticCustomError(
            "wrong-value", "`{name}` is not a host name", {"name": name, "hint": "write one such as api.example.com"}
        )

    @model_validator(mode="after")
    def _one_way(self) -> OriginTLS:
        given = self.model_fields_set & {"ca", "pins", "unverified"}
        if len(given) > 1:
            raise PydanticCustomError(
                "wrong-value",
                "`{first}` and `{second}` are two ways of trusting a server",
                {"first": min(given), "second": max(given), "hint": "keep one of them"},
            )
        if self.subject_alt_name is not None and given & {"pins", "unverified"}:
            raise PydanticCustomError(
                "wrong-value",
                "`subjectAltName` is compared only for a certificate that an authority has issued",
                {"hint": "name the authority in `ca`, or leave `subjectAltName` out"},
            )
        return self
