"""The link to an origin. TLS always means: trusted authority, matching name, SNI, TLS 1.2 or later."""

from __future__ import annotations

import ipaddress
from pathlib import Path

from wicketgate.envoy.types import extension
from wicketgate.ir.origin import Link, Plaintext, Protocol, SystemRoots, VerifiedTLS
from wicketgate.json_types import JsonObject

_ALPN = {Protocol.HTTP1: ["http/1.1"], Protocol.HTTP2: ["h2"], Protocol.AUTO: ["h2", "http/1.1"]}


def transport_socket(link: Link, protocol: Protocol, *, roots: Path) -> JsonObject | None:
    """Return the transport socket of a link; None is plain TCP. `roots` are the system's authorities, PEM."""
    match link:
        case Plaintext():
            return None
        case VerifiedTLS(SystemRoots(), name):
            return _verified(name, protocol, roots)


def _verified(name: str, protocol: Protocol, roots: Path) -> JsonObject:
    is_address = _is_address(name)
    san = {"san_type": "IP_ADDRESS" if is_address else "DNS", "matcher": {"exact": name}}
    common = {
        # Towards origins Envoy's own default stops at 1.2.
        "tls_params": {"tls_minimum_protocol_version": "TLSv1_2", "tls_maximum_protocol_version": "TLSv1_3"},
        "alpn_protocols": _ALPN[protocol],
        "validation_context": {
            "trusted_ca": {"filename": str(roots)},
            "match_typed_subject_alt_names": [san],
        },
    }
    sni = {} if is_address else {"sni": name}  # RFC 6066 section 3: no addresses in SNI
    return extension(
        "envoy.transport_sockets.tls",
        "envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext",
        common_tls_context=common,
        **sni,
    )


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
