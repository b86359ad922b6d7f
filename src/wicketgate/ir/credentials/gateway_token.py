"""Tokens that the gateway signs itself, for the origin."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import ClassVar

from wicketgate.ir.credentials.base import Credential


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayToken(Credential):
    """`audience` is the origin's URL where it is empty; `claims` a JSON object; `life` seconds, 0 for the issuer's."""

    kind: ClassVar[str] = "gateway"
    needs_issuer: ClassVar[bool] = True

    audience: str = ""
    claims: str = "{}"
    life: float = 0.0

    def bound(self, origin: str, /) -> GatewayToken:
        return self if self.audience else dataclasses.replace(self, audience=origin)
