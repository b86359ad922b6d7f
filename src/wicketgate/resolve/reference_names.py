"""Names of the reference that this version does not have, so that a user is told so and not sent to look for a typo.

Source: https://zuplo.com/docs/policies/overview and https://zuplo.com/docs/handlers
"""

from __future__ import annotations

KNOWN_ELSEWHERE = frozenset(
    [
        "ab-test-inbound",
        "ab-test-outbound",
        "acl-policy-inbound",
        "akamai-ai-firewall-inbound",
        "akamai-ai-firewall-outbound",
        "amberflo-metering-inbound",
        "api-key-auth-inbound",
        "api-key-inbound",
        "archive-request-aws-s3-inbound",
        "archive-request-azure-storage-inbound",
        "archive-request-gcp-storage-inbound",
        "archive-response-aws-s3-outbound",
        "archive-response-azure-storage-outbound",
        "audit-log-inbound",
        "auth0-jwt-auth-inbound",
        "authzen-inbound",
        "axiomatics-authz-inbound",
        "basic-auth-inbound",
        "bot-detection-inbound",
        "brownout-inbound",
        "caching-inbound",
        "change-method-inbound",
        "clerk-jwt-auth-inbound",
        "cognito-jwt-auth-inbound",
        "comet-opik-tracing-inbound",
        "complex-rate-limit-inbound",
        "curity-phantom-token-inbound",
        "custom-code-inbound",
        "custom-code-outbound",
        "dynamic-jwt-auth-inbound",
        "firebase-jwt-inbound",
        "formdata-to-json-inbound",
        "galileo-tracing-inbound",
        "geo-filter-inbound",
        "graphql-analytics-outbound",
        "graphql-complexity-limit-inbound",
        "graphql-disable-introspection-inbound",
        "graphql-introspection-filter-outbound",
        "hmac-auth-inbound",
        "http-deprecation-outbound",
        "ip-address-restriction-inbound",
        "ip-restriction-inbound",
        "jwt-scopes-inbound",
        "ldap-auth-inbound",
        "mcp-capability-filter-inbound",
        "mcp-oauth-inbound",
        "mcp-token-exchange-inbound",
        "mock-api-inbound",
        "moesif-inbound",
        "monetization-inbound",
        "oauth-inbound",
        "okta-fga-authz-inbound",
        "okta-jwt-auth-inbound",
        "open-id-jwt-auth-inbound",
        "openfga-authz-inbound",
        "openmeter-inbound",
        "prompt-injection-outbound",
        "propel-auth-jwt-inbound",
        "query-param-to-header-inbound",
        "quota-inbound",
        "rate-limit-inbound",
        "rbac-policy-inbound",
        "readme-metrics-inbound",
        "replace-string-outbound",
        "request-validation-inbound",
        "require-header-inbound",
        "require-origin-inbound",
        "require-user-claims-inbound",
        "secret-masking-outbound",
        "semantic-cache-inbound",
        "set-body-inbound",
        "sleep-inbound",
        "stripe-webhook-verification-inbound",
        "supabase-jwt-auth-inbound",
        "traffic-splitting-inbound",
        "transform-body-inbound",
        "transform-body-outbound",
        "upstream-firebase-user-auth-inbound",
        "validate-json-schema-inbound",
        "web-bot-auth-inbound",
        "xml-to-json-outbound",
    ]
)
"""Policy types."""

PER_CALLER = frozenset(["upstream-firebase-user-auth-inbound"])
"""Policy types among them that make a credential for each caller."""

HANDLERS_ELSEWHERE = frozenset(
    (
        "webSocketHandler",
        "webSocketPipelineHandler",
        "mcpServerHandler",
        "McpProxyHandler",
        "legacyDevPortalHandler",
    )
)
"""Exports of handlers."""
