"""Certificates for tests that do not need a store."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from wicketgate.certificates import Authorities, PemKeyPair
from wicketgate.spec.certificates import PRIVATE


@dataclass(frozen=True)
class KnownCertificates:
    """Names without content do where nothing is served."""

    pairs: Mapping[str, PemKeyPair | None] = field(default_factory=dict)
    disabled: Collection[str] = ()
    trusted: Mapping[str, Authorities | None] = field(default_factory=dict)
    vouching: Mapping[str, Authorities | None] = field(default_factory=dict)
    signing: Authorities | None = None

    def identities(self) -> Mapping[str, bool]:
        return {**dict.fromkeys(self.pairs, True), **dict.fromkeys(self.disabled, False)}

    def authorities(self) -> Collection[str]:
        return self.trusted

    def client_authorities(self) -> Collection[str]:
        return self.vouching

    def key_pair(self, name: str) -> PemKeyPair | None:
        return self.pairs.get(name)

    def authority(self, name: str) -> Authorities | None:
        return self.trusted.get(name)

    def client_authority(self, name: str) -> Authorities | None:
        return self.vouching.get(name)

    def at_once(self) -> KnownCertificates:
        return self

    def private_authority(self) -> Authorities | None:
        return self.trusted.get(PRIVATE)

    def signing_authority(self) -> Authorities | None:
        return self.signing
