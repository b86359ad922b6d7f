"""Tokens in the gateway's own name, by one of its keys."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from wicketgate.broker.source import Obtained
from wicketgate.issuer.identity import Identity
from wicketgate.issuer.token import Signer, Wanted

if TYPE_CHECKING:
    from wicketgate.issuer.keys import SigningKey
    from wicketgate.spec.installation import IssuerSection
    from wicketgate.store.issuer_keys import IssuerKeys


@dataclass(frozen=True, slots=True)
class Signing:
    """What signs at the moment (`broker.source.Assertions`). `life` are seconds, where nobody asks for others."""

    identity: Identity
    signer: Signer
    life: float
    clock: Callable[[], float]

    def sign(self, *, audience: str, subject: str, life: float, claims: dict[str, object]) -> Obtained:
        """Return a token for one origin, the `subject`."""
        now, life = self.clock(), life or self.life
        wanted = Wanted(audience, subject, life, claims)
        return Obtained(self.signer.sign(self.identity, wanted, now=now), int(now + life))


def signing_with(
    key: SigningKey, identity: Identity, section: IssuerSection, clock: Callable[[], float] = time.time
) -> Signing:
    """Return what signs with a key."""
    return Signing(identity, Signer.of(key), section.token_expiration, clock)


def identity_in(keys: IssuerKeys, section: IssuerSection, project: str) -> Identity:
    """Return whom the tokens of an environment speak for."""
    return Identity(section.issuer, section.installation or keys.installation(), project, keys.environment)
