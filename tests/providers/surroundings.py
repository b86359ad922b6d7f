"""What sources may use, for tests: texts as they are, an issuer with a key of its own, a clock that can be wrong."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path

from wicketgate.broker.source import Obtained, ShownPair, Surroundings
from wicketgate.compile import system_roots
from wicketgate.errors import WicketError
from wicketgate.ir.secrets import TextSecret, VariableRef
from wicketgate.issuer.identity import Identity
from wicketgate.issuer.keys import Algorithm, SigningKey, new_key
from wicketgate.issuer.token import Signer, Wanted
from wicketgate.secret_value import SecretValue

ISSUER = "https://gateway.example.com/__zuplo/issuer"


@dataclass
class Texts:
    values: dict[str, str] = field(default_factory=dict)

    def text(self, secret: TextSecret) -> SecretValue:
        return SecretValue("".join(self._part(part) for part in secret.parts))

    def _part(self, part: str | VariableRef) -> str:
        return part if isinstance(part, str) else self.values[part.name]


@dataclass
class Issuer:
    """The gateway's issuer, without a gateway."""

    key: SigningKey = field(default_factory=lambda: new_key(Algorithm.RS256))
    identity: Identity = field(default_factory=lambda: Identity(ISSUER, "berlin", "shop", "production"))
    skew: float = 0.0

    def sign(self, *, audience: str, subject: str, life: float, claims: dict[str, object]) -> Obtained:
        now = time.time() + self.skew
        wanted = Wanted(audience, subject, life, claims)
        return Obtained(Signer.of(self.key).sign(self.identity, wanted, now=now), now + life)


def surroundings(
    *,
    texts: dict[str, str] | None = None,
    issuer: Issuer | None = None,
    pairs: dict[str, ShownPair] | None = None,
    roots: Path | None = None,
    project: Path | None = None,
    platform: dict[str, str] | None = None,
) -> Surroundings:
    def key_pair(name: str) -> ShownPair:
        if pairs is None or name not in pairs:
            raise WicketError(f"the certificate {name} is not there or not enabled")
        return pairs[name]

    return Surroundings(
        Texts(texts or {}),
        issuer or Issuer(),
        key_pair,
        roots or system_roots(),
        time.time,
        project or Path(),
        platform or {},
    )


def variable(name: str) -> TextSecret:
    return TextSecret((VariableRef(name),))
