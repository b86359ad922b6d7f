"""TLS towards callers."""

from __future__ import annotations

from collections.abc import Iterator

from wicketgate.envoy.config_source import SECRETS_SOURCE
from wicketgate.envoy.names import secret_name
from wicketgate.envoy.tls_parameters import tls_parameters
from wicketgate.envoy.types import extension
from wicketgate.ir.gateway import ServerTLS
from wicketgate.ir.origin import TLSVersion
from wicketgate.ir.secrets import ClientAuthorities, SecretSource
from wicketgate.json_types import JsonObject

_TLS = "envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext"
_QUIC = "envoy.extensions.transport_sockets.quic.v3.QuicDownstreamTransport"


_ASKING: JsonObject = {
    "require_client_certificate": False,
    # A resumed session brings back a certificate that nothing has verified since (threat D18).
    "disable_stateless_session_resumption": True,
    "disable_stateful_session_resumption": True,
}


def tls_socket(tls: ServerTLS) -> JsonObject:
    """Return the transport socket of HTTP/1.1 and HTTP/2."""
    context = _context(tls, ["h2", "http/1.1"])
    if tls.clients:
        context["common_tls_context"]["combined_validation_context"] = _clients(tls.clients)
        context |= _ASKING
    return extension("envoy.transport_sockets.tls", _TLS, **context)


def quic_socket(tls: ServerTLS) -> JsonObject:
    """Return the transport socket of HTTP/3, which asks for no certificate: Envoy cannot verify one there."""
    return extension("envoy.transport_sockets.quic", _QUIC, downstream_tls_context=_context(tls, ["h3"]))


def listener_secrets(tls: ServerTLS) -> Iterator[SecretSource]:
    """Yield what SDS has to deliver for a listener."""
    yield from tls.certificates
    if tls.clients:
        yield tls.clients


def _context(tls: ServerTLS, alpn: list[str]) -> JsonObject:
    common = {
        "tls_params": tls_parameters(TLSVersion.TLS12),
        "alpn_protocols": alpn,
        "tls_certificate_sds_secret_configs": [_delivered(source) for source in tls.certificates],
    }
    # Envoy chooses by the names in the certificates; a caller that asks for none of them gets the first.
    return {"common_tls_context": common, "full_scan_certs_on_sni_mismatch": False}


def _clients(authorities: ClientAuthorities) -> JsonObject:
    """Verify what is shown and let the handshake end well in any case: each route has its own demand."""
    return {
        "default_validation_context": {"trust_chain_verification": "ACCEPT_UNTRUSTED"},
        "validation_context_sds_secret_config": _delivered(authorities),
    }


def _delivered(source: SecretSource) -> JsonObject:
    return {"name": secret_name(source), "sds_config": SECRETS_SOURCE}
