"""Microsoft Entra: a federated credential of an application registration for each origin.

Source: https://learn.microsoft.com/entra/workload-id/workload-identity-federation-create-trust
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from shlex import quote

from wicketgate.federate.trust import Gateway, Setup, hcl, name_of


@dataclass(frozen=True, slots=True)
class Grant:
    """One origin's application: whom it trusts, with a token for which audience."""

    client_id: str
    subject: str
    audience: str

    @property
    def name(self) -> str:
        """What the credential is called: an application has one of each name."""
        return name_of(self.subject, self.audience, joint="-")

    @property
    def label(self) -> str:
        return name_of(self.subject, self.audience, self.client_id)


def setup(gateway: Gateway, chosen: Sequence[Grant]) -> Setup:
    """Return what lets the gateway sign in as the applications."""
    grants = sorted(set(chosen), key=lambda each: (each.client_id, each.subject, each.audience))
    applications = dict.fromkeys(each.client_id for each in grants)
    return Setup(
        "\n".join([*map(_application, applications), *(_credential(gateway, each) for each in grants)]),
        "".join(_create(gateway, each) for each in grants),
    )


def _application(client_id: str) -> str:
    return f"""\
data "azuread_application" "{name_of(client_id)}" {{
  client_id = {hcl(client_id)}
}}
"""


def _credential(gateway: Gateway, grant: Grant) -> str:
    return f"""\
resource "azuread_application_federated_identity_credential" "{grant.label}" {{
  application_id = data.azuread_application.{name_of(grant.client_id)}.id
  display_name   = {hcl(grant.name)}
  issuer         = {hcl(gateway.issuer)}
  subject        = {hcl(grant.subject)}
  audiences      = [{hcl(grant.audience)}]
}}
"""


def _create(gateway: Gateway, grant: Grant) -> str:
    parameters = json.dumps(
        {"name": grant.name, "issuer": gateway.issuer, "subject": grant.subject, "audiences": [grant.audience]}
    )
    return f"""\
az ad app federated-credential create --id {quote(grant.client_id)} --parameters {quote(parameters)}
"""
