"""Keys of service accounts that nobody could ask Google with: said before a route answers 503."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from wicketgate.cli.workspace import Workspace
from wicketgate.diagnostics import Diagnostic, Severity, Span
from wicketgate.errors import WicketError

if TYPE_CHECKING:
    from wicketgate.compile import Compiled
    from wicketgate.ir.gateway import GatewayIR
    from wicketgate.ir.secrets import TextSecret


def unusable_accounts(workspace: Workspace, environment: str | None, compiled: Compiled) -> Iterator[Diagnostic]:
    """Read each key that the project sends tokens with, by the variables of the environment. Nobody is asked."""
    accounts = dict(_accounts(compiled.gateway)) if compiled.gateway else {}
    if not accounts:
        return
    from wicketgate.broker.google_library import account_of, signer_of
    from wicketgate.control.texts import VariableTexts
    from wicketgate.variables import open_variables

    name = workspace.environment(environment)
    variables = open_variables(workspace.project, state=workspace.state, environment=name, process=workspace.environ)
    texts = VariableTexts(variables)
    for account, (file, whose) in accounts.items():
        try:
            signer_of(account_of(texts.text(account), token_endpoint=""))
        except WicketError as error:
            message = f"{whose}: {error.message}"
            yield Diagnostic("account-unusable", Span(file), message, error.hint, Severity.WARNING)


def _accounts(gateway: GatewayIR) -> Iterator[tuple[TextSecret, tuple[str, str]]]:
    """Yield each key once, with the document of a route that needs it and what its token is called."""
    from wicketgate.broker.broker import name_of
    from wicketgate.ir.credentials.google import SelfSignedToken, ServiceAccountToken
    from wicketgate.ir.gateway import Forward
    from wicketgate.ir.origin import TokenProof

    for route in reversed(gateway.routes):
        for proof in route.action.upstream.proofs if isinstance(route.action, Forward) else ():
            if isinstance(proof, TokenProof):
                credential = proof.token.use.credential
                if isinstance(credential, ServiceAccountToken | SelfSignedToken):
                    yield credential.account, (route.file, name_of(proof.token.use))
