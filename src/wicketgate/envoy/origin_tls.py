"""The link to an origin. TLS always means: trusted authority, matching name, SNI, TLS 1.2 or later."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import assert_never

from wicketgate.envoy.config_source import SECRETS_SOURCE
from wicketgate.envoy.names import secret_name
from wicketgate.envoy.tls_parameters import tls_parameters
from wicketgate.envoy.types import extension
from wicketgate.ir.origin import (
    Link,
    MutualTLS,
    NamedAuthority,
    NameKind,
    PeerName,
    PinnedServer,
    Plaintext,
    Protocol,
    SystemRoots,
    TLSVersion,
    UnverifiedTLS,
    VerifiedTLS,
)
from wicketgate.ir.secrets import SecretSource
from wicketgate.json_types import JsonObject

_ALPN = {Protocol.HTTP1: ["http/1.1"], Protocol.HTTP2: ["h2"], Protocol.AUTO: ["h2", "http/1.1"]}
_SAN_TYPE = {NameKind.DNS: "DNS", NameKind.URI: "URI", NameKind.IP: "IP_ADDRESS"}


def transport_socket(link: Link, protocol: Protocol, *, roots: Path) -> JsonObject | None:
    """Return the transport socket of a link; None is plain TCP. `roots` are the system's authorities, PEM."""
    match link:
        case Plaintext():
            return None
        case UnverifiedTLS(_, sni):
            anyone = {"validation_context": {"trust_chain_verification": "ACCEPT_UNTRUSTED"}}
            return _socket(anyone, protocol, TLSVersion.TLS12, sni)
        case VerifiedTLS():
            return _socket(_validation(link, roots), protocol, link.minimum, link.sni)
        case MutualTLS(server, identity):
            shown = {"tls_certificate_sds_secret_configs": [_delivered(identity)]}
            return _socket({**_validation(server, roots), **shown}, protocol, server.minimum, server.sni)
        case _:
            assert_never(link)


def link_secrets(link: Link) -> Iterator[SecretSource]:
    """Yield what SDS has to deliver for a link."""
    match link:
        case MutualTLS(server, identity):
            yield identity
            yield from link_secrets(server)
        case VerifiedTLS(NamedAuthority(source)):
            yield source
        case _:
            return


def _socket(common: JsonObject, protocol: Protocol, minimum: TLSVersion, sni: str) -> JsonObject:
    return extension(
        "envoy.transport_sockets.tls",
        "envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext",
        common_tls_context={"tls_params": tls_parameters(minimum), "alpn_protocols": _ALPN[protocol], **common},
        **({"sni": sni} if sni else {}),
    )


def _validation(server: VerifiedTLS, roots: Path) -> JsonObject:
    names = {"match_typed_subject_alt_names": [_san(server.name)]}
    match server.trust:
        case SystemRoots():
            return {"validation_context": {"trusted_ca": {"filename": str(roots)}, **names}}
        case NamedAuthority(source):
            combined = {"default_validation_context": names, "validation_context_sds_secret_config": _delivered(source)}
            return {"combined_validation_context": combined}
        case PinnedServer(keys, certificates):
            # Envoy matches no names without an authority; a key of one's own says more than its name.
            pins = {"verify_certificate_spki": list(keys), "verify_certificate_hash": list(certificates)}
            return {"validation_context": {name: pin for name, pin in pins.items() if pin}}
        case _:
            assert_never(server.trust)


def _san(name: PeerName) -> JsonObject:
    return {"san_type": _SAN_TYPE[name.kind], "matcher": {"exact": name.text}}


def _delivered(source: SecretSource) -> JsonObject:
    return {"name": secret_name(source), "sds_config": SECRETS_SOURCE}
