"""Variables for tests that do not need a store."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from wicketgate.secret_value import SecretValue
from wicketgate.spec.variables import Secrecy

Values = Mapping[str, str] | None


@dataclass(frozen=True)
class GivenVariable:
    value: SecretValue
    secrecy: Secrecy = Secrecy.UNMARKED


class GivenVariables:
    """`unmarked` come as from .env; `secret` and `plain` as marked in the store."""

    def __init__(self, *, secret: Values = None, plain: Values = None, unmarked: Values = None) -> None:
        given = ((Secrecy.SECRET, secret), (Secrecy.PLAIN, plain), (Secrecy.UNMARKED, unmarked))
        self._known = {
            name: GivenVariable(SecretValue(text), secrecy)
            for secrecy, values in given
            for name, text in (values or {}).items()
        }

    def lookup(self, name: str) -> GivenVariable | None:
        return self._known.get(name)

    def names(self) -> Iterable[str]:
        return self._known
