"""What printed guards for Envoy have in common: after a script comes a demand, and refusals are problems."""

from __future__ import annotations

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
