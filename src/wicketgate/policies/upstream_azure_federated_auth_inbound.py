"""Send the origin a token of Microsoft Entra without any stored secret.

The application trusts the gateway's own identity: `wicket federate azure` prints what sets up the trust.
"""

from __future__ import annotations

from collections.abc import Iterable

from wicketgate.ir.credentials.azure import EntraFederatedToken
from wicketgate.ir.secrets import TextSecret
from wicketgate.ir.steps import InboundStep, SendToken
from wicketgate.policies.upstream_azure_ad_service_auth_inbound import PUBLIC_CLOUD
from wicketgate.policy import Direction, Policy, PolicyContext
from wicketgate.spec.base import CredentialText, FilledText, OptionalSecretText
from wicketgate.spec.credentials import AuthorityHost, CredentialOptions


class UpstreamAzureFederatedAuthInboundOptions(CredentialOptions):
    active_directory_tenant_id: CredentialText
    """The directory."""
    active_directory_client_id: CredentialText
    """The application that the gateway is."""
    scope: OptionalSecretText = None
    """What is asked for, such as `api://orders/.default`; left out, the application's own id and `/.default`."""
    token_audience: FilledText = "api://AzureADTokenExchange"  # noqa: S105 - an audience
    """Whom the gateway's own token is for: the audience of the application's federated credential."""
    authority_host: AuthorityHost = PUBLIC_CLOUD
    """The login service, for sovereign clouds and private endpoints."""


def _lower(options: UpstreamAzureFederatedAuthInboundOptions, at: PolicyContext) -> Iterable[InboundStep]:
    credential = EntraFederatedToken(
        renewal=options.renewal,
        authority=options.authority_host,
        tenant=options.active_directory_tenant_id,
        client_id=options.active_directory_client_id,
        scope=options.scope or TextSecret(()),
        audience=options.token_audience,
    )
    return [SendToken("authorization", "Bearer ", credential, options.allowed_hosts)]


POLICY = Policy(
    policy_type="upstream-azure-federated-auth-inbound",
    export="UpstreamAzureFederatedAuthInboundPolicy",
    direction=Direction.INBOUND,
    options=UpstreamAzureFederatedAuthInboundOptions,
    lower=_lower,
)
