"""Send the origin a token of an OAuth 2.0 provider
(https://zuplo.com/docs/policies/upstream-oauth-client-credentials-inbound).

The gateway asks for it by the client credentials grant (RFC 6749 section 4.4), outside any request, and renews it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from pydantic import Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from wicketgate.ir.credentials.oauth import ClientCertificate, ClientSecret, OAuthToken, PrivateKeyJwt
from wicketgate.ir.secrets import TextSecret
from wicketgate.ir.steps import InboundStep, SendToken
from wicketgate.policy import Direction, Policy, PolicyContext
from wicketgate.spec.base import CredentialText, FilledText, OneOrMore, OptionalSecretText
from wicketgate.spec.credentials import CredentialOptions, Endpoint, no_use
from wicketgate.spec.http_names import HeaderName, HeaderValue

Authentication = Literal["client_secret_basic", "client_secret_post", "private_key_jwt", "tls_client_auth"]

_NEEDED: dict[str, str] = {
    "client_secret_basic": "clientSecret",
    "client_secret_post": "clientSecret",
    "private_key_jwt": "privateKey",
    "tls_client_auth": "mtlsCertificate",
}


_ONLY_FOR: dict[str, tuple[str, ...]] = {
    "private_key_jwt": ("private_key", "private_key_algorithm", "private_key_id", "assertion_audience"),
    "tls_client_auth": ("mtls_certificate",),
}
"""Options that one way alone uses."""

_OURS = frozenset({"grant_type", "client_id", "client_secret", "client_assertion", "client_assertion_type"})


class UpstreamOAuthClientCredentialsInboundOptions(CredentialOptions):
    token_url: Endpoint
    """The provider's token endpoint."""
    client_id: CredentialText
    """Who asks."""
    client_secret: OptionalSecretText = None
    """The client's secret, as `$env(NAME)`."""
    client_authentication: Authentication = "client_secret_basic"
    """How the client proves itself to the provider: RFC 6749 section 2.3.1, RFC 7523 or RFC 8705."""
    private_key: OptionalSecretText = None
    """For `private_key_jwt`: a PEM key, as `$env(NAME)`."""
    private_key_algorithm: Literal["ES256", "ES384", "RS256", "PS256", "EdDSA"] = "ES256"
    """What it signs with."""
    private_key_id: str = ""
    """The `kid` under which the provider knows it."""
    assertion_audience: str = ""
    """For `private_key_jwt`: the audience of the assertion; the token endpoint unless the provider wants another."""
    mtls_certificate: FilledText | None = None
    """For `tls_client_auth`: a name of `wicket cert list`."""
    scope: OneOrMore = ()
    """What is asked for."""
    audience: FilledText | None = None
    """For whom, where the provider has such a parameter."""
    resource: OneOrMore = ()
    """For which resources (RFC 8707)."""
    token_parameters: dict[str, str] = Field(default_factory=dict)
    """Further parameters that the provider wants."""
    header_name: HeaderName = "authorization"
    """Header in which the origin gets the token."""
    token_prefix: HeaderValue = "Bearer"  # noqa: S105 - a scheme
    """What stands before it; empty for the bare token."""
    ca: FilledText | None = None
    """PEM file, relative to the project folder, with the authorities of the token endpoint, where the system has them
    not."""

    @model_validator(mode="after")
    def _can_prove(self) -> UpstreamOAuthClientCredentialsInboundOptions:
        needed = _NEEDED[self.client_authentication]
        there = {
            "clientSecret": self.client_secret,
            "privateKey": self.private_key,
            "mtlsCertificate": self.mtls_certificate,
        }
        if there[needed] is None:
            raise PydanticCustomError(
                "missing-key",
                "`{way}` needs `{needed}`",
                {"way": self.client_authentication, "needed": needed, "hint": "add it, or choose another way"},
            )
        for way, options in _ONLY_FOR.items():
            if way != self.client_authentication:
                no_use(self, options, needs=f'`"clientAuthentication": "{way}"`')
        if needed != "clientSecret":
            no_use(self, ("client_secret",), needs='`"clientAuthentication": "client_secret_basic"` or `_post`')
        return self

    @model_validator(mode="after")
    def _each_once(self) -> UpstreamOAuthClientCredentialsInboundOptions:
        written = {"scope": self.scope, "audience": self.audience, "resource": self.resource}
        for name in sorted(name for name, value in written.items() if value and name in self.token_parameters):
            raise PydanticCustomError(
                "wrong-value",
                "`{name}` would be sent twice: as an option, and in `tokenParameters`",
                {"name": name, "hint": "keep one"},
            )
        return self

    @field_validator("token_parameters")
    @classmethod
    def _of_the_provider(cls, written: dict[str, str]) -> dict[str, str]:
        for name in sorted(_OURS & written.keys()):
            raise PydanticCustomError(
                "wrong-value",
                "`{name}` is not a further parameter: it says who asks",
                {"name": name, "hint": "use `clientId`, `clientAuthentication` and the option that it needs"},
            )
        return written


def _lower(options: UpstreamOAuthClientCredentialsInboundOptions, at: PolicyContext) -> Iterable[InboundStep]:
    credential = OAuthToken(
        renewal=options.renewal,
        token_url=options.token_url,
        client_id=options.client_id,
        client=_client(options),
        parameters=tuple(_parameters(options)),
        ca=options.ca or "",
    )
    return [SendToken(options.header_name, token_prefix(options.token_prefix), credential, options.allowed_hosts)]


def token_prefix(written: str) -> str:
    """Return what stands before a token: a scheme and a space, or nothing."""
    return f"{written.rstrip()} " if written.strip() else ""


def _client(options: UpstreamOAuthClientCredentialsInboundOptions) -> ClientSecret | PrivateKeyJwt | ClientCertificate:
    match options.client_authentication, options.client_secret, options.private_key, options.mtls_certificate:
        case "private_key_jwt", _, TextSecret() as key, _:
            algorithm, key_id = options.private_key_algorithm, options.private_key_id
            return PrivateKeyJwt(key, algorithm, key_id, options.assertion_audience)
        case "tls_client_auth", _, _, str(name):
            return ClientCertificate(name)
        case way, TextSecret() as secret, _, _:
            return ClientSecret(secret, in_form=way == "client_secret_post")
        case _:
            raise TypeError("validated options hold what their way of asking needs")


def _parameters(options: UpstreamOAuthClientCredentialsInboundOptions) -> Iterable[tuple[str, str]]:
    if options.scope:
        yield "scope", " ".join(options.scope)
    if options.audience:
        yield "audience", options.audience
    for resource in options.resource:
        yield "resource", resource
    yield from options.token_parameters.items()


POLICY = Policy(
    policy_type="upstream-oauth-client-credentials-inbound",
    export="UpstreamOAuthClientCredentialsInboundPolicy",
    direction=Direction.INBOUND,
    options=UpstreamOAuthClientCredentialsInboundOptions,
    lower=_lower,
)
