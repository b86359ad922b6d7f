"""Envoy: its JWT filter fetches the keys of the issuer and lets nothing through before it has them."""

from __future__ import annotations

from wicketgate.guards.config import split_address
from wicketgate.guards.envoy_parts import DEMAND_ACCEPTED, REFUSALS, origin_cluster, script_filter, socket_address
from wicketgate.guards.server import fill
from wicketgate.guards.token.config import TokenConfig
from wicketgate.guards.token.server import TokenServer

_TEMPLATE = """\
# Wicketgate guard for Envoy: only tokens of @issuer@ for @audience@.
# The keys are fetched from the issuer when Envoy starts, and every thirty seconds; without keys nobody is let in.
# Put TLS on the listener as you do elsewhere: a token that is read on its way can be used until it ends.
static_resources:
  listeners:
  - name: wicketgate_guard
    address:
      socket_address: @listen@
    filter_chains:
    - filters:
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
          - name: envoy.filters.http.jwt_authn
            typed_config:
              "@type": type.googleapis.com/envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication
              providers:
                wicketgate:
                  issuer: "@issuer@"
                  audiences: ["@audience@"]
                  require_expiration: true
                  max_lifetime: 3600s
                  clock_skew_seconds: 60
                  # For the script below.
                  forward: true
                  header_in_metadata: head
                  payload_in_metadata: claims
                  from_headers:
                  - {name: authorization, value_prefix: "Bearer "}
                  - {name: authorization, value_prefix: "bearer "}
                  remote_jwks:
                    http_uri: {uri: "@jwks@", cluster: wicketgate_issuer, timeout: 5s}
                    cache_duration: 30s
                    async_fetch: {failed_refetch_duration: 5s}
              rules:
              - match: {prefix: "/"}
                requires: {provider_name: wicketgate}
          # What jwt_authn leaves open: it finds a token behind other words, takes one without a key's name, one that is
          # for others too, and one without a beginning.
@script@@demand@          - name: envoy.filters.http.router
            typed_config:
              "@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router
@refusals@          route_config:
            name: wicketgate_guard
            virtual_hosts:
            - name: origin
              domains: ["*"]
              routes:
              - match: {prefix: "/", headers: [{name: ":method", string_match: {exact: TRACE}}]}
                direct_response: {status: 405}
              - match: {prefix: "/"}
                route: {cluster: wicketgate_origin}
  clusters:
@origin@  - name: wicketgate_issuer
    type: LOGICAL_DNS
    dns_lookup_family: ALL
    connect_timeout: 5s
    load_assignment:
      cluster_name: wicketgate_issuer
      endpoints:
      - lb_endpoints:
        - endpoint:
            address:
              socket_address: @issuer_at@
@tls@"""

_SCRIPT = """\
local SKEW, LONGEST_LIFE = 60, 3600

local function is_ours(head, claims)
  if not claims or claims["aud"] ~= "@audience@" then return false end
  if not head or type(head["kid"]) ~= "string" or head["crit"] ~= nil then return false end
  local ends, made = claims["exp"], claims["iat"]
  if type(ends) ~= "number" or type(made) ~= "number" then return false end
  return ends - made <= LONGEST_LIFE and made <= os.time() + SKEW
end

function envoy_on_request(handle)
  local headers, known = handle:headers(), handle:streamInfo():dynamicMetadata()
  local verified = known:get("envoy.filters.http.jwt_authn") or {}
  local given = headers:get("authorization") or ""
  local alone = given:match("^[Bb][Ee][Aa][Rr][Ee][Rr] +[%w_-]+%.[%w_-]+%.[%w_-]+$")
  -- The application does not see the token.
  headers:remove("authorization")
  if alone and is_ours(verified["head"], verified["claims"]) then known:set("wicketgate", "accepted", true) end
end
"""

_TLS = """\
    transport_socket:
      name: envoy.transport_sockets.tls
      typed_config:
        "@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext
        sni: "@issuer_host@"
        common_tls_context:
          tls_params: {tls_minimum_protocol_version: TLSv1_2, tls_maximum_protocol_version: TLSv1_3}
          validation_context:
            # The authorities of the system; another file, if the gateway's certificate is of your own.
            trusted_ca: {filename: /etc/ssl/certs/ca-certificates.crt}
            match_typed_subject_alt_names:
            - san_type: DNS
              matcher: {exact: "@issuer_host@"}
"""


def _render(config: TokenConfig) -> str:
    issuer_host, _ = config.issuer_at
    return fill(
        _TEMPLATE,
        listen=socket_address(split_address("listen", config.listen)),
        origin=origin_cluster(split_address("upstream", config.upstream)),
        jwks=config.jwks_url,
        issuer_at=socket_address(config.issuer_at),
        tls=fill(_TLS, issuer_host=issuer_host) if config.is_tls else "",
        demand=DEMAND_ACCEPTED,
        refusals=REFUSALS,
        issuer=config.issuer,
        script=script_filter(fill(_SCRIPT, audience=config.audience)),
        audience=config.audience,
    )


SERVER = TokenServer(name="envoy", render=_render)
