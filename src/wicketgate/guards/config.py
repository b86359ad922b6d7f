"""What the user chose for a printed guard, checked at the door."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import product
from typing import Literal, get_args

from wicketgate.errors import WicketError

Mode = Literal["enforce", "observe"]

MINIMUM_SECRET_BYTES = 16
"""A shorter secret is never accepted: it can be guessed, or is a placeholder that somebody forgot."""

# Fewer characters than RFC 9110 allows: each of them is plain text in every server's configuration language.
_HEADER = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+){0,4}")
_ADDRESS = re.compile(r"(?P<host>[A-Za-z0-9.-]+|\[[0-9A-Fa-f:]+\]):(?P<port>[0-9]{1,5})")
_PATH = re.compile(r"/[A-Za-z0-9._/-]+")
_HIGHEST_PORT = 65535


class GuardConfigError(WicketError):
    """A value cannot be put into a server's configuration; the text says which, why and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardConfig:
    """One guarded origin.

    Raises:
        GuardConfigError: a field holds what a server's configuration could not carry unharmed.
    """

    header: str = "backend-secret"
    """Name of the header in lower case; letters, digits and up to four hyphens."""

    listen: str = "127.0.0.1:8080"
    """`HOST:PORT` where the guarded server takes requests from the gateway."""

    upstream: str = "127.0.0.1:8000"
    """`HOST:PORT` of the application, which nobody else may reach."""

    secret_file: str | None = None
    """Absolute path of the file with the secret or its digest; None: the server's usual folder."""

    mode: Mode = "enforce"
    """`observe` lets everything through and logs what `enforce` would refuse."""

    def __post_init__(self) -> None:
        if self.mode not in get_args(Mode):
            raise GuardConfigError(f"mode: {self.mode!r} is not known", hint="use enforce or observe")
        if not _HEADER.fullmatch(self.header):
            raise GuardConfigError(
                f"header: {self.header!r} cannot be used",
                hint="use lower-case letters and digits in up to five words joined by hyphens",
            )
        if self.secret_file is not None:
            require_path("secret_file", self.secret_file)
        for field in ("listen", "upstream"):
            split_address(field, getattr(self, field))

    @property
    def listen_at(self) -> tuple[str, int]:
        """Host and port; an IPv6 host in brackets."""
        return split_address("listen", self.listen)

    @property
    def upstream_at(self) -> tuple[str, int]:
        """Host and port; an IPv6 host in brackets."""
        return split_address("upstream", self.upstream)

    @property
    def enforcing(self) -> bool:
        return self.mode == "enforce"

    @property
    def aliases(self) -> tuple[str, ...]:
        """Every other spelling of the header."""
        return spellings(self.header)


def split_address(field: str, address: str) -> tuple[str, int]:
    """Host and port of `HOST:PORT`; an IPv6 host stays in brackets.

    Raises:
        GuardConfigError: it is not an address; `field` names it in the text.
    """
    match = _ADDRESS.fullmatch(address)
    if match is None or not 0 < int(match["port"]) <= _HIGHEST_PORT:
        raise GuardConfigError(f"{field}: {address!r} is not HOST:PORT", hint="write it like 127.0.0.1:8080")
    return match["host"], int(match["port"])


def require_path(field: str, path: str) -> None:
    """Raises GuardConfigError for a path that some server's configuration could not carry unharmed."""
    if not _PATH.fullmatch(path):
        raise GuardConfigError(
            f"{field}: {path!r} cannot be used",
            hint="give an absolute path of letters, digits and . _ - only",
        )


def spellings(header: str) -> tuple[str, ...]:
    """Every other spelling of a header with `_` for some `-`: frameworks may take it for the header."""
    first, *words = header.split("-")
    joints = list(product("-_", repeat=len(words)))
    return tuple(first + "".join(map("".join, zip(joint, words, strict=True))) for joint in joints[1:])
