"""A string that does not print itself."""

from __future__ import annotations

import hmac
from typing import NoReturn

REDACTED = "[redacted]"


class SecretValue:
    """Wraps a secret so that logs, reprs, tracebacks and pickles never carry it.

    `reveal()` is the one way to the text; calls of it are few and easy to find.
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        return self._value

    def __repr__(self) -> str:
        return REDACTED

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return REDACTED

    def __eq__(self, other: object) -> bool:
        """Compare in a time that does not depend on where the values differ."""
        if not isinstance(other, SecretValue):
            return NotImplemented
        return hmac.compare_digest(self._value.encode(), other._value.encode())

    # A hash would make the value's fingerprint available to whoever prints a set or a dict.
    __hash__ = None  # type: ignore[assignment]

    def __bool__(self) -> bool:
        return bool(self._value)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret value is not pickled")
