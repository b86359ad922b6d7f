"""Variables for tests that do not need a store."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from wicketgate.secret_value import SecretValue
from wicketgate.spec.variables import Secrecy


@dataclass(frozen=True)
class GivenVariable:
    value: SecretValue
    secrecy: Secrecy = Secrecy.UNMARKED


class GivenVariables:
    """`unmarked` come as from .env; `secret` and `plain` as marked in the store."""

    def __init__(self, *, secret: dict[str, str] | None = None, plain: dict[str, str] | None = None, **unmarked: str):
        self._known = {name: GivenVariable(SecretValue(text)) for name, text in unmarked.items()}
        for secrecy, values in ((Secrecy.SECRET, secret), (Secrecy.PLAIN, plain)):
            for name, text in (values or {}).items():
                self._known[name] = GivenVariable(SecretValue(text), secrecy)

    def lookup(self, name: str) -> GivenVariable | None:
        return self._known.get(name)

    def names(self) -> Iterable[str]:
        return self._known
