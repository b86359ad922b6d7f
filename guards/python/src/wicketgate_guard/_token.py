"""What a token says before it is verified, and which of its dates can be one."""

from __future__ import annotations

from dataclasses import dataclass

_LATEST = 253_402_300_799.0
"""The end of the year 9999."""


@dataclass(frozen=True)
class Token:
    """A token, and what its header says; one that cannot be of the gateway has no key id."""

    text: str
    kid: str = ""
    algorithm: str = ""


def read_token(text: str) -> Token:
    import jwt

    try:
        header = jwt.get_unverified_header(text)
    except (jwt.PyJWTError, ValueError, TypeError, AttributeError, RecursionError):
        return Token(text)
    kid, algorithm = header.get("kid"), header.get("alg")
    # RFC 7515 section 4.1.11: what is critical must be understood, and nothing of it is.
    if not isinstance(kid, str) or not isinstance(algorithm, str) or "crit" in header:
        return Token(text)
    return Token(text, kid, algorithm)


def is_date(value: object) -> bool:
    """Whether this is a time (unix seconds): a number, and neither NaN nor one that no clock will show."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value <= _LATEST
