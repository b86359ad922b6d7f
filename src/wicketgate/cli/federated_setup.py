"""From the credentials of a project to what its clouds have to be told."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import typer

from wicketgate.cli.issuer_store import identity_of
from wicketgate.errors import WicketError
from wicketgate.federate import aws, azure, gcp
from wicketgate.federate.trust import Gateway, Setup
from wicketgate.ir.credentials.aws import RoleByGatewayToken
from wicketgate.ir.credentials.azure import EntraFederatedToken
from wicketgate.ir.credentials.google import FederatedToken

if TYPE_CHECKING:
    from wicketgate.cli.federated import Federated
    from wicketgate.cli.workspace import Workspace
    from wicketgate.ir.credentials.base import CredentialUse
    from wicketgate.ir.secrets import TextSecret
    from wicketgate.issuer.identity import Identity
    from wicketgate.variables import LiveVariables


def setup_of(workspace: Workspace, environment: str, cloud: str, uses: Federated) -> Setup:
    """Return what to apply for the chosen credentials of a cloud. Raises `WicketError`."""
    identity = identity_of(workspace, environment)
    gateway = Gateway(identity.url, identity.installation)
    match cloud:
        case "gcp":
            return gcp.setup(gateway, _google(identity, uses.every), chosen=_google(identity, uses.chosen))
        case "aws":
            if doubt := aws.doubt(gateway):
                typer.echo(f"warning: {doubt}", err=True)
            return aws.setup(gateway, _amazon(identity, uses.every), chosen=_amazon(identity, uses.chosen))
        case _:
            return azure.setup(gateway, _entra(identity, uses.chosen, _variables(workspace, environment)))


def _google(identity: Identity, uses: Iterable[CredentialUse]) -> list[gcp.Grant]:
    return [
        gcp.Grant(found.provider, found.service_account, identity.subject(use.destination), found.asserted_audience)
        for use in uses
        if isinstance(found := use.credential, FederatedToken)
    ]


def _amazon(identity: Identity, uses: Iterable[CredentialUse]) -> list[aws.Grant]:
    return [
        aws.Grant(found.role.arn, identity.subject(use.destination), found.audience, found.role.life)
        for use in uses
        if isinstance(found := use.credential, RoleByGatewayToken)
    ]


def _entra(identity: Identity, uses: Iterable[CredentialUse], variables: LiveVariables) -> list[azure.Grant]:
    return [
        azure.Grant(_shown(found.client_id, variables), identity.subject(use.destination), found.audience)
        for use in uses
        if isinstance(found := use.credential, EntraFederatedToken)
    ]


def _variables(workspace: Workspace, environment: str) -> LiveVariables:
    from wicketgate.variables import open_variables

    return open_variables(workspace.project, state=workspace.state, environment=environment, process=workspace.environ)


def _shown(text: TextSecret, variables: LiveVariables) -> str:
    """Return the id of an application, which is no secret. Raises `WicketError` for what somebody marked as one."""
    return "".join(part if isinstance(part, str) else _value(part.name, variables) for part in text.parts)


def _value(name: str, variables: LiveVariables) -> str:
    from wicketgate.spec.variables import Secrecy

    variable = variables.lookup(name)
    if variable is None or variable.secrecy is Secrecy.SECRET:
        raise WicketError(
            f"the variable {name} is {'not set' if variable is None else 'a secret'}, and would be printed",
            hint=f"the id of an application is no secret: `wicket env set {name} --plain`",
        )
    return variable.value.reveal()
