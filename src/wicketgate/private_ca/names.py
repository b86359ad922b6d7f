"""Who a certificate is for: one identity for each installation, environment and origin (threat D24)."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass

from wicketgate.pki.profile import spiffe_id
from wicketgate.private_ca.errors import PrivateCaError

_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class Identity:
    """`name` is what the project calls the certificate, usually the origin's name."""

    trust_domain: str
    environment: str
    name: str

    def __post_init__(self) -> None:
        if not _LABEL.fullmatch(self.name):
            raise PrivateCaError(
                f"`{self.name}` cannot be part of an identity",
                hint="use lower-case letters, digits and hyphens, 63 at most, such as billing-api",
            )

    @property
    def uri(self) -> str:
        """The SPIFFE ID, which guards compare."""
        return spiffe_id(self.trust_domain, self.environment, self.name)

    @property
    def dns_name(self) -> str:
        """The same as a DNS name, and as common name, for peers that compare nothing else."""
        return f"{self.name}.{self.environment}.{self.trust_domain}"


def new_trust_domain() -> str:
    """Return a trust domain that no other installation has."""
    return f"{secrets.token_hex(4)}.wicketgate.internal"
