"""Envoy: its own validation context checks chain, name and revocation in the handshake."""

from __future__ import annotations

from wicketgate.guards.config import split_address
from wicketgate.guards.envoy_parts import origin_cluster, socket_address
from wicketgate.guards.mtls.config import MtlsConfig
from wicketgate.guards.mtls.server import CERTIFICATE_HEADERS, MtlsServer, heading
from wicketgate.guards.server import fill

# The SAN types are exact: an URI that is written into a DNS name is no match.
_TEMPLATE = """\
@heading@
# Without one of the files Envoy does not start.
static_resources:
  listeners:
  - name: wicketgate_guard
    address:
      socket_address: @listen@
    filter_chains:
    # The only chain, for every server name and for none.
    - transport_socket:
        name: envoy.transport_sockets.tls
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext
          require_client_certificate: true
          # A resumed session would skip the check of expiry and revocation.
          disable_stateless_session_resumption: true
          disable_stateful_session_resumption: true
          common_tls_context:
            alpn_protocols: ["h2", "http/1.1"]
            tls_params: {tls_minimum_protocol_version: TLSv1_2, tls_maximum_protocol_version: TLSv1_3}
            tls_certificates:
            - certificate_chain: {filename: "@certificate@"}
              private_key: {filename: "@key@"}
            validation_context:
              trusted_ca: {filename: "@ca@"}
              # The client's certificate, one intermediate, the root.
              max_verify_depth: 2
              match_typed_subject_alt_names:
              - san_type: @kind@
                matcher: {exact: "@name@"}
@crl@      filters:
      - name: envoy.filters.network.http_connection_manager
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.\
HttpConnectionManager
          stat_prefix: wicketgate_guard
          # Some frameworks take _ for -: such names never reach the application.
          common_http_protocol_options: {headers_with_underscores_action: DROP_HEADER}
          upgrade_configs:
          - upgrade_type: websocket
          http_filters:
          - name: envoy.filters.http.router
            typed_config:
              "@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router
          route_config:
            name: wicketgate_guard
            # What a caller claims about a certificate is not what was checked here.
            request_headers_to_remove: [@strip@]
            virtual_hosts:
            - name: origin
              domains: ["*"]
              routes:
              - match: {prefix: "/"}
                route: {cluster: wicketgate_origin}
  clusters:
@origin@"""


def _render(config: MtlsConfig) -> str:
    files = config.files("/etc/envoy/wicketgate")
    return fill(
        _TEMPLATE,
        heading=heading("Envoy", config),
        listen=socket_address(config.listen_at),
        kind=config.kind,
        name=config.name,
        ca=files.ca,
        certificate=files.certificate,
        key=files.key,
        crl=f'              crl: {{filename: "{files.crl}"}}\n' if files.crl else "",
        strip=", ".join(CERTIFICATE_HEADERS),
        origin=origin_cluster(split_address("upstream", config.upstream_address)),
    )


SERVER = MtlsServer(name="envoy", render=_render)
