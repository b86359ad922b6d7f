"""Open the issuer of a workspace."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wicketgate.cli.workspace import Workspace
from wicketgate.errors import WicketError

if TYPE_CHECKING:
    from wicketgate.issuer.identity import Identity
    from wicketgate.spec.installation import IssuerSection
    from wicketgate.store.issuer_keys import IssuerKeys


def issuer_section(workspace: Workspace) -> IssuerSection:
    """Return `[issuer]` of `wicket.toml`. Raises `WicketError` when there is none."""
    from wicketgate.supervise.settings import read_installation

    section = read_installation(workspace.project).issuer
    if section is None:
        raise WicketError("this gateway is no issuer", hint="write `[issuer]` with its `url` into wicket.toml")
    return section


def open_issuer(workspace: Workspace, environment: str) -> IssuerKeys:
    """Open the keys of an environment, making them if there are none. Raises `StoreError`, `KeyUnusableError`.

    Those that are there are the running gateway's, whose `[issuer]` may be another than the one that is written by now.
    """
    from wicketgate.issuer.keys import Algorithm
    from wicketgate.issuer.rotation import Schedule
    from wicketgate.store import open_database
    from wicketgate.store.issuer_keys import IssuerKeys
    from wicketgate.variables.live import KEY_VARIABLE

    section = issuer_section(workspace)
    database = open_database(workspace.state, key=workspace.environ.get(KEY_VARIABLE))
    keys = IssuerKeys(database, environment)
    if not keys.keys():
        keys.advance(Schedule.for_tokens(section.rotate_after, section.publish_ahead), Algorithm(section.algorithm))
    return keys


def identity_of(workspace: Workspace, environment: str) -> Identity:
    """Return whom the tokens of this installation speak for."""
    from wicketgate.control.signing import identity_in

    return identity_in(
        open_issuer(workspace, environment), issuer_section(workspace), workspace.project.absolute().name
    )
