"""Rotating the root, so that an origin that learns the new bundle in time refuses nothing.

staged    the new root is in the bundle and signs nothing (`settle`: origins take the bundle)
switched  the new root signs, every kept certificate is issued anew; the old root is still in the bundle (`soak`)
(retired) the old root is gone
"""

from __future__ import annotations

import dataclasses

from wicketgate.private_ca.errors import PrivateCaError
from wicketgate.private_ca.step import Step
from wicketgate.store.authorities import Standing, forget_signer, stand, write_settings


def stage(step: Step, *, settle: float | None = None, soak: float | None = None) -> None:
    """Make a new root, which signs nothing yet. Raises `PrivateCaError` while another rotation is under way."""
    if len(step.state.roots()) > 1:
        raise PrivateCaError("a rotation of the root is under way", hint="see `wicket ca rotate --status`")
    settings = step.state.settings
    changed = dataclasses.replace(
        settings,
        held=False,
        settle=settings.settle if settle is None else settle,
        soak=settings.soak if soak is None else soak,
    )
    write_settings(step.connection, changed)
    step.refresh()
    step.new_root(Standing.NEXT)


def switch(step: Step) -> None:
    staged = step.state.roots(Standing.NEXT)
    if not staged:
        raise PrivateCaError("no new root is staged", hint="begin: `wicket ca rotate --root`")
    _hold(step, held=False)
    stand(step.connection, step.state.root, Standing.PREVIOUS, now=step.now)
    stand(step.connection, staged[0], Standing.CURRENT, now=step.now)
    step.switch_intermediate(staged[0])


def retire(step: Step) -> None:
    old = step.state.roots(Standing.PREVIOUS)
    if not old:
        raise PrivateCaError("no old root is left", hint="see `wicket ca rotate --status`")
    for signer in step.state.signers:
        if signer.root == old[0].id:
            forget_signer(step.connection, signer)


def roll_back(step: Step) -> None:
    staged, old = step.state.roots(Standing.NEXT), step.state.roots(Standing.PREVIOUS)
    if staged:
        forget_signer(step.connection, staged[0])
    elif old:
        stand(step.connection, step.state.root, Standing.NEXT, now=step.now)
        stand(step.connection, old[0], Standing.CURRENT, now=step.now)
        step.switch_intermediate(old[0])
        _hold(step, held=True)
    else:
        raise PrivateCaError("no rotation of the root is under way", hint="see `wicket ca rotate --status`")


def _hold(step: Step, *, held: bool) -> None:
    write_settings(step.connection, dataclasses.replace(step.state.settings, held=held))
    step.refresh()
