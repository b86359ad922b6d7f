"""The federated credentials of a project, and one attempt to obtain one."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, NoReturn

from wicketgate.cli.issuer_store import identity_of, issuer_section, open_issuer
from wicketgate.cli.project import require_gateway
from wicketgate.cli.workspace import Workspace
from wicketgate.errors import WicketError
from wicketgate.federate.trust import Trust
from wicketgate.ir.credentials.base import CredentialUse

if TYPE_CHECKING:
    from wicketgate.broker.source import Obtained, Surroundings
    from wicketgate.ir.origin import Proof, Upstream

_KINDS = {"gcp": "google-federated", "aws": "aws-federated", "azure": "azure-federated"}


def federated_uses(workspace: Workspace, environment: str, cloud: str, origin: str) -> list[CredentialUse]:
    """Return the credentials of one cloud that go to an origin. Raises `WicketError` when there is none."""
    kind = _KINDS[cloud]
    found = dict.fromkeys(
        use
        for upstream in _upstreams(workspace, environment)
        if origin in (upstream.origin.name, upstream.origin.authority, upstream.origin.url)
        for use in _uses(upstream.proofs)
        if use.credential.kind == kind
    )
    if not found:
        policy = f"upstream-{cloud}-federated-auth-inbound"
        raise WicketError(
            f"no route to {origin} has a policy `{policy}`",
            hint="add it to a route, with what you know of the cloud; `wicket routes` lists the origins",
        )
    return list(found)


def trust_of(workspace: Workspace, environment: str, origin: str, audience: str) -> Trust:
    """Return what the cloud has to be told."""
    identity = identity_of(workspace, environment)
    return Trust(identity.url, identity.subject(origin), audience, identity.installation)


def attempt(workspace: Workspace, environment: str, use: CredentialUse) -> float:
    """Obtain a credential once; return the seconds that it would live. Raises `WicketError`."""
    from wicketgate.broker.registry import open_source

    given = _surroundings(workspace, environment)

    async def ask() -> Obtained:
        return await open_source(use, surroundings=given)()

    return asyncio.run(ask()).expires_at - time.time()


def _surroundings(workspace: Workspace, environment: str) -> Surroundings:
    from wicketgate.broker.source import Surroundings
    from wicketgate.compile import system_roots
    from wicketgate.control.issuer import IssuerKeeper
    from wicketgate.control.texts import VariableTexts
    from wicketgate.supervise.log import hush_libraries
    from wicketgate.variables import open_variables

    hush_libraries()
    keys = open_issuer(workspace, environment)
    issuer = IssuerKeeper(issuer_section(workspace), lambda: keys, project=workspace.project.absolute().name)
    asyncio.run(issuer.prepare())
    variables = open_variables(workspace.project, state=workspace.state, environment=environment)
    return Surroundings(VariableTexts(variables), issuer, _no_pair, system_roots(), time.time)


def _no_pair(name: str) -> NoReturn:
    raise WicketError(f"the certificate {name} is not used for federation")


def _upstreams(workspace: Workspace, environment: str) -> Iterator[Upstream]:
    from wicketgate.ir.gateway import Forward

    gateway = require_gateway(workspace, environment)
    yield from (route.action.upstream for route in gateway.routes if isinstance(route.action, Forward))


def _uses(proofs: tuple[Proof, ...]) -> Iterator[CredentialUse]:
    from wicketgate.ir.origin import SignatureProof, TokenProof

    for proof in proofs:
        match proof:
            case TokenProof(token=token):
                yield token.use
            case SignatureProof(keys=use):
                yield use
            case _:
                pass
