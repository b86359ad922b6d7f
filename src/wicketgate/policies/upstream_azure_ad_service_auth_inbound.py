"""Send the origin a token of Microsoft Entra
(https://zuplo.com/docs/policies/upstream-azure-ad-service-auth-inbound).

An application proves itself by a secret, a certificate, or a token that the platform keeps in a file; or the machine's
managed identity asks.
"""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from wicketgate.ir.credentials.azure import AppCertificate, AppSecret, EntraToken, ManagedIdentityToken, TokenFile
from wicketgate.ir.credentials.base import Credential
from wicketgate.ir.secrets import TextSecret
from wicketgate.ir.steps import InboundStep, SendToken
from wicketgate.policy import Direction, Policy, PolicyContext
from wicketgate.spec.base import FilledText, OptionalSecretText
from wicketgate.spec.credentials import AuthorityHost, CredentialOptions, MetadataEndpoint, no_use

PUBLIC_CLOUD = "https://login.microsoftonline.com"


class UpstreamAzureAdServiceAuthInboundOptions(CredentialOptions):
    active_directory_tenant_id: OptionalSecretText = None
    """The directory."""
    active_directory_client_id: OptionalSecretText = None
    """The application that the gateway is; with `managedIdentity` that of the identity, if a user assigned it."""
    active_directory_client_secret: OptionalSecretText = None
    """A secret of the application, as `$env(NAME)`."""
    active_directory_client_certificate: FilledText | None = None
    """In place of a secret: a certificate, by its name in `wicket cert list`."""
    workload_identity_token_file: str | None = Field(default=None, pattern=r"^/")
    """In place of a secret: the file of which Kubernetes says `AZURE_FEDERATED_TOKEN_FILE`."""
    managed_identity: bool = False
    """The machine's own identity asks; no application, no secret."""
    metadata_endpoint: MetadataEndpoint | None = None
    """For `managedIdentity`: the metadata service, where it is not the one that the platform names."""
    scope: OptionalSecretText = None
    """What is asked for, such as `api://orders/.default`; left out, the application's own id and `/.default`."""
    authority_host: AuthorityHost = PUBLIC_CLOUD
    """The login service, for sovereign clouds and private endpoints."""

    @model_validator(mode="after")
    def _one_proof(self) -> UpstreamAzureAdServiceAuthInboundOptions:
        proofs = (
            self.active_directory_client_secret,
            self.active_directory_client_certificate,
            self.workload_identity_token_file,
            self.managed_identity or None,
        )
        if sum(proof is not None for proof in proofs) != 1:
            raise PydanticCustomError(
                "wrong-value",
                "exactly one of `activeDirectoryClientSecret`, `activeDirectoryClientCertificate`,"
                " `workloadIdentityTokenFile` and `managedIdentity` says how the gateway proves itself",
                {"hint": "keep one"},
            )
        needed = (self.scope,) if self.managed_identity else self._application
        if None in needed:
            names = "`scope`" if self.managed_identity else "`activeDirectoryTenantId` and `activeDirectoryClientId`"
            raise PydanticCustomError("missing-key", "{names} must be there", {"names": names, "hint": "add them"})
        if self.managed_identity:
            no_use(self, ("active_directory_tenant_id", "authority_host"), needs="an application")
        else:
            no_use(self, ("metadata_endpoint",), needs="`managedIdentity`")
        return self

    @property
    def _application(self) -> tuple[TextSecret | None, TextSecret | None]:
        return self.active_directory_tenant_id, self.active_directory_client_id


def _lower(options: UpstreamAzureAdServiceAuthInboundOptions, at: PolicyContext) -> Iterable[InboundStep]:
    return [SendToken("authorization", "Bearer ", _credential(options), options.allowed_hosts)]


def _credential(options: UpstreamAzureAdServiceAuthInboundOptions) -> Credential:
    nothing = TextSecret(())
    tenant, client_id = options.active_directory_tenant_id, options.active_directory_client_id
    if options.managed_identity:
        return ManagedIdentityToken(
            renewal=options.renewal,
            scope=options.scope or nothing,
            client_id=client_id or nothing,
            endpoint=options.metadata_endpoint or "",
        )
    return EntraToken(
        renewal=options.renewal,
        authority=options.authority_host,
        tenant=tenant or nothing,
        client_id=client_id or nothing,
        scope=options.scope or nothing,
        proof=_proof(options),
    )


def _proof(options: UpstreamAzureAdServiceAuthInboundOptions) -> AppSecret | AppCertificate | TokenFile:
    if options.active_directory_client_certificate is not None:
        return AppCertificate(options.active_directory_client_certificate)
    if options.workload_identity_token_file is not None:
        return TokenFile(options.workload_identity_token_file)
    return AppSecret(options.active_directory_client_secret or TextSecret(()))


POLICY = Policy(
    policy_type="upstream-azure-ad-service-auth-inbound",
    export="UpstreamAzureAdServiceAuthInboundPolicy",
    direction=Direction.INBOUND,
    options=UpstreamAzureAdServiceAuthInboundOptions,
    lower=_lower,
)
