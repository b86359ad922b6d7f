"""What printed guards for Envoy have in common: a script and the demand behind it, refusals, the origin."""

from __future__ import annotations

from textwrap import indent

_SCRIPT_INDENT = " " * 18
_LUA = """\
          - name: wicketgate.guard
            typed_config:
              "@type": type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua
              default_source_code:
                inline_string: |
"""

DEMAND_ACCEPTED = """\
          # Without its script, and after an error in it, Envoy goes on: only what the script has accepted passes here.
          - name: envoy.filters.http.rbac
            typed_config:
              "@type": type.googleapis.com/envoy.extensions.filters.http.rbac.v3.RBAC
              rules:
                action: ALLOW
                policies:
                  accepted:
                    permissions: [{any: true}]
                    principals:
                    - metadata: {filter: wicketgate, path: [{key: accepted}], value: {bool_match: true}}
"""
"""A filter behind the script, which marks what it accepts by `accepted` in the metadata `wicketgate`."""

REFUSALS = """\
          local_reply_config:
            mappers:
            # Envoy's own refusals only, never the application's; 403 is that of the demand above.
            - filter:
                or_filter:
                  filters:
                  - status_code_filter: {comparison: {op: EQ, value: {default_value: 401, runtime_key: wicketgate.401}}}
                  - status_code_filter: {comparison: {op: EQ, value: {default_value: 403, runtime_key: wicketgate.403}}}
              status_code: 401
              headers_to_add:
              - {header: {key: cache-control, value: no-store}, append_action: OVERWRITE_IF_EXISTS_OR_ADD}
              body_format_override:
                content_type: application/problem+json
                json_format:
                  type: https://httpproblems.com/http-status/401
                  title: Unauthorized
                  status: 401
                  detail: This origin answers its gateway only. Send the request through the gateway.
                  instance: "%PATH(NQ:ORIG_OR_PATH)%"
"""
"""Of the connection manager: each refusal in the shape of the gateway's."""


def script_filter(script: str) -> str:
    """Return the filter that runs a script for each request."""
    return _LUA + indent(script, _SCRIPT_INDENT)


def socket_address(at: tuple[str, int]) -> str:
    """Return host and port, whose IPv6 address may stand in brackets, as Envoy writes them."""
    host, port = at
    return f'{{address: "{host.strip("[]")}", port_value: {port}}}'


def origin_cluster(at: tuple[str, int]) -> str:
    """Return the cluster `wicketgate_origin`. Envoy's own choice is IPv6 alone where a name has such an address."""
    return f"""\
  - name: wicketgate_origin
    type: STRICT_DNS
    dns_lookup_family: V4_PREFERRED
    connect_timeout: 5s
    load_assignment:
      cluster_name: wicketgate_origin
      endpoints:
      - lb_endpoints:
        - endpoint:
            address:
              socket_address: {socket_address(at)}
"""
