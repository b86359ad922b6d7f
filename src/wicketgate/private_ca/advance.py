"""What the private authority does by itself, as its times come."""

from __future__ import annotations

from wicketgate.pki.renewal import renewal_due
from wicketgate.private_ca.root_rotation import retire, switch
from wicketgate.private_ca.state import LIST_GRACE
from wicketgate.private_ca.step import Step
from wicketgate.store.authorities import Standing, forget_issued, forget_signer


def advance(step: Step) -> None:
    state, now = step.state, step.now
    settings = state.settings
    if not settings.held:
        if any(each.since + settings.settle <= now for each in state.roots(Standing.NEXT)):
            switch(step)
        elif any(state.root_retires_at(each) <= now for each in state.roots(Standing.PREVIOUS)):
            retire(step)
    step.refresh()
    if renewal_due(step.signer.authority.certificate, now):
        step.switch_intermediate(step.state.root)
    for intermediate in step.state.intermediates(Standing.PREVIOUS):
        if step.state.retires_at(intermediate) <= now:
            forget_signer(step.connection, intermediate)
    forget_issued(step.connection, expired_before=now - LIST_GRACE)
