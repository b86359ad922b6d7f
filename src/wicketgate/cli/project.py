"""Compile the project of a workspace with its variables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from wicketgate.cli.workspace import Workspace

if TYPE_CHECKING:
    from wicketgate.certificates.in_use import InUse
    from wicketgate.compile import Compiled
    from wicketgate.ir.gateway import GatewayIR
    from wicketgate.ir.secrets import SecretSource


def compile_workspace(
    workspace: Workspace, environment: str | None, *, listen: Sequence[str] | None = None
) -> Compiled:
    """Return what the project compiles to; its diagnostics say why when it does not."""
    from wicketgate.certificates import open_certificates
    from wicketgate.compile import compile_project
    from wicketgate.variables import open_variables

    name = workspace.environment(environment)
    variables = open_variables(workspace.project, state=workspace.state, environment=name, process=workspace.environ)
    certificates = open_certificates(state=workspace.state, environment=name, process=workspace.environ)
    return compile_project(
        workspace.project, variables=variables, certificates=certificates, listen=tuple(listen or ())
    )


def require_compiled(workspace: Workspace, environment: str | None, *, listen: Sequence[str] | None = None) -> Compiled:
    """Return a project that checks. Raises `ProjectRefused` after printing its messages to standard error."""
    from wicketgate.cli.diagnostic_output import print_diagnostics
    from wicketgate.errors import ProjectRefused

    compiled = compile_workspace(workspace, environment, listen=listen)
    if not compiled.ok:
        print_diagnostics(compiled.diagnostics, project=workspace.project, err=True)
        raise ProjectRefused(compiled.diagnostics)
    return compiled


def require_gateway(workspace: Workspace, environment: str | None) -> GatewayIR:
    """Return the gateway that a project describes. Raises `ProjectRefused` as `require_compiled` does."""
    gateway = require_compiled(workspace, environment).gateway
    if gateway is None:
        raise AssertionError("a project that checks describes a gateway")
    return gateway


def certificates_in_use(workspace: Workspace, environment: str | None, compiled: Compiled) -> tuple[InUse, ...]:
    """Return how each certificate that the project names stands; files are read, nothing is written.

    One that the gateway orders by itself, once it runs, is left out until it is there.
    """
    if compiled.resources is None or not any(map(_is_certificate, compiled.resources.secrets.values())):
        return ()
    from wicketgate.certificates import open_certificates
    from wicketgate.certificates.in_use import in_use

    name = workspace.environment(environment)
    certificates = open_certificates(state=workspace.state, environment=name, process=workspace.environ)
    acme = compiled.installation.acme if compiled.installation else None
    awaited = {acme.name} if acme else set()
    found = in_use(compiled.resources.secrets.values(), certificates)
    return tuple(each for each in found if each.chain or each.name not in awaited)


def signing_in_use(workspace: Workspace, environment: str | None) -> tuple[InUse, ...]:
    """Return how that stands which the private authority signs with; nothing when there is none."""
    from wicketgate.certificates import open_certificates
    from wicketgate.certificates.in_use import signing

    name = workspace.environment(environment)
    return tuple(signing(open_certificates(state=workspace.state, environment=name, process=workspace.environ)))


def _is_certificate(source: SecretSource) -> bool:
    from wicketgate.ir.secrets import BrokeredToken, SigningKeys, TextSecret

    return not isinstance(source, TextSecret | BrokeredToken | SigningKeys)
