"""Versions and ciphers of TLS, towards callers as towards origins."""

from __future__ import annotations

from wicketgate.ir.origin import TLSVersion
from wicketgate.json_types import JsonObject

_VERSION = {TLSVersion.TLS12: "TLSv1_2", TLSVersion.TLS13: "TLSv1_3"}
_CIPHERS = [
    "[ECDHE-ECDSA-AES128-GCM-SHA256|ECDHE-ECDSA-CHACHA20-POLY1305]",
    "[ECDHE-RSA-AES128-GCM-SHA256|ECDHE-RSA-CHACHA20-POLY1305]",
    "ECDHE-ECDSA-AES256-GCM-SHA384",
    "ECDHE-RSA-AES256-GCM-SHA384",
]
"""Of TLS 1.2: forward secrecy and authenticated encryption only (RFC 9325 section 4.2). TLS 1.3 has no others."""


def tls_parameters(minimum: TLSVersion) -> JsonObject:
    """Return the `TlsParameters`: `minimum` to 1.3."""
    return {
        "tls_minimum_protocol_version": _VERSION[minimum],
        # Towards origins Envoy's own default stops at 1.2.
        "tls_maximum_protocol_version": "TLSv1_3",
        "cipher_suites": _CIPHERS,
    }
