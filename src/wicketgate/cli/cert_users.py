"""What refers to a stored certificate: the project as it stands, and the version that is live."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

from wicketgate.cli.workspace import Workspace
from wicketgate.errors import WicketError

if TYPE_CHECKING:
    from wicketgate.ir.gateway import GatewayIR


def require_unused(workspace: Workspace, name: str, environments: tuple[str, ...]) -> None:
    """Raise `WicketError`, which names the users, while anything refers to a certificate; `environments` may use it.

    A project that does not check is no proof that nothing does.
    """
    users = [user for environment in environments for user in _of_project(workspace, name, environment)]
    users += [f"{user}, in the version that is live or was last" for user in _of_live_version(workspace, name)]
    if users:
        raise WicketError(
            f"the certificate {name} is in use: {'; '.join(users)}",
            hint="name another one there, and `wicket reload`",
        )


def _of_project(workspace: Workspace, name: str, environment: str) -> Iterator[str]:
    from wicketgate.cli.project import compile_workspace

    gateway = compile_workspace(workspace, environment).gateway
    if gateway is None:
        raise WicketError(
            f"the project does not check for {environment}, so it may refer to the certificate {name}",
            hint=f"see `wicket check -e {environment}`, or first disable it there:"
            f" `wicket cert disable {name} -e {environment}`",
        )
    yield from (f"{user} ({environment})" for user in _references(gateway, name))


def _references(gateway: GatewayIR, name: str) -> Iterator[str]:
    from wicketgate.ir.gateway import Forward
    from wicketgate.ir.origin import MutualTLS
    from wicketgate.ir.secrets import StoredIdentity

    identity = StoredIdentity(name)
    for listener in gateway.listeners:
        if listener.tls is not None and identity in listener.tls.certificates:
            yield f"listener {listener.host}:{listener.port}"
    for route in gateway.routes:
        link = route.action.upstream.origin.link if isinstance(route.action, Forward) else None
        if isinstance(link, MutualTLS) and link.identity == identity:
            yield f"route {route.name}"


def _of_live_version(workspace: Workspace, name: str) -> Iterator[str]:
    from wicketgate.control.candidate import load_candidate
    from wicketgate.ir.secrets import StoredIdentity
    from wicketgate.supervise.run_directory import RunDirectory
    from wicketgate.xds.kinds import Kind
    from wicketgate.xds.snapshot import VersionKey

    candidate = load_candidate(RunDirectory.of(workspace.project, workspace.state).last_good, VersionKey())
    secrets = candidate.sources.items() if candidate else ()
    for secret in (secret for secret, source in secrets if source == StoredIdentity(name)):
        mark = json.dumps(secret, ensure_ascii=False).encode()
        for kind, noun in ((Kind.CLUSTERS, "origin"), (Kind.LISTENERS, "listener")):
            found = candidate.configuration.of(kind).values() if candidate else ()
            yield from (f"{noun} {item.name.rpartition('#')[0] or item.name}" for item in found if mark in item.body)
