"""The federated credentials of a project, and one attempt to obtain one."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

from wicketgate.cli.issuer_store import identity_of, issuer_section, open_issuer
from wicketgate.cli.project import require_gateway
from wicketgate.cli.workspace import Workspace
from wicketgate.errors import WicketError
from wicketgate.ir.credentials.base import CredentialUse

if TYPE_CHECKING:
    from wicketgate.broker.source import Obtained, Surroundings
    from wicketgate.ir.origin import Proof, Upstream

_KINDS = {"gcp": "google-federated", "aws": "aws-federated", "azure": "azure-federated"}


@dataclass(frozen=True, slots=True)
class Federated:
    """The credentials of one cloud: all of the project, and those that somebody asks about."""

    every: tuple[CredentialUse, ...]
    chosen: tuple[CredentialUse, ...]


def federated_uses(workspace: Workspace, environment: str, cloud: str, origin: str | None) -> Federated:
    """Return the credentials of one cloud, chosen by the origin that they go to. Raises `WicketError` for none."""
    every = [
        (upstream, use)
        for upstream in _upstreams(workspace, environment)
        for use in _uses(upstream.proofs)
        if use.credential.kind == _KINDS[cloud]
    ]
    chosen = [use for upstream, use in every if origin is None or origin in _names(upstream)]
    if not chosen:
        policy = f"upstream-{cloud}-federated-auth-inbound"
        raise WicketError(
            f"no route{f' to {origin}' if origin else ''} has a policy `{policy}`",
            hint="add it to a route, with what you know of the cloud; `wicket routes` lists the origins",
        )
    return Federated(tuple(dict.fromkeys(use for _, use in every)), tuple(dict.fromkeys(chosen)))


def _names(upstream: Upstream) -> tuple[str, ...]:
    return upstream.origin.name, upstream.origin.authority, upstream.origin.url


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
    from wicketgate.control.signing import signing_with
    from wicketgate.control.texts import VariableTexts
    from wicketgate.supervise.log import hush_libraries
    from wicketgate.variables import open_variables

    hush_libraries()
    key = open_issuer(workspace, environment).keys()[0].key
    issuer = signing_with(key, identity_of(workspace, environment), issuer_section(workspace))
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
