"""Microsoft Entra: a federated credential of an application registration.

Source: https://learn.microsoft.com/entra/workload-id/workload-identity-federation-create-trust
"""

from __future__ import annotations

import json
from shlex import quote

from wicketgate.federate.trust import Setup, Trust, hcl

NAME = "wicketgate"


def setup(trust: Trust, *, client_id: str) -> Setup:
    """Return what lets the gateway sign in as an application."""
    return Setup(_terraform(trust, client_id), _commands(trust, client_id))


def _terraform(trust: Trust, client_id: str) -> str:
    return f"""\
data "azuread_application" "wicketgate" {{
  client_id = {hcl(client_id)}
}}

resource "azuread_application_federated_identity_credential" "wicketgate" {{
  application_id = data.azuread_application.wicketgate.id
  display_name   = {hcl(NAME)}
  issuer         = {hcl(trust.issuer)}
  subject        = {hcl(trust.subject)}
  audiences      = [{hcl(trust.audience)}]
}}
"""


def _commands(trust: Trust, client_id: str) -> str:
    parameters = json.dumps(
        {"name": NAME, "issuer": trust.issuer, "subject": trust.subject, "audiences": [trust.audience]}
    )
    return f"""\
az ad app federated-credential create --id {quote(client_id)} --parameters {quote(parameters)}
"""
