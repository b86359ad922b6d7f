"""The decision, without input or output: given the values of the header, is this the gateway?"""

from __future__ import annotations

import hmac
import logging
import os
import re
from enum import Enum
from typing import TYPE_CHECKING, Literal, get_args

from wicketgate_guard._errors import GuardConfigurationError
from wicketgate_guard._sources import FileSecrets, FixedSecrets, SecretSource, digest, from_environment

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Mode = Literal["enforce", "observe"]
"""`enforce` refuses; `observe` lets through and logs what it would have refused."""

# RFC 9110 section 5.6.2 allows an underscore; servers that fold `_` and `-` into one make it a spoofing hole.
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^`|~-]+")

_logger = logging.getLogger("wicketgate_guard")


class Verdict(Enum):
    """What the guard found. Everything but `ACCEPTED` is refused in `enforce` mode."""

    ACCEPTED = "accepted"
    MISSING = "missing"
    DUPLICATE = "duplicate"
    ALIASED = "aliased"
    MISMATCH = "mismatch"
    UNKNOWN_KEY = "signed with a key that the issuer does not publish"
    WRONG_ISSUER = "of another issuer"
    WRONG_AUDIENCE = "for another audience"
    WRONG_CLAIM = "with another claim"
    EXPIRED = "expired"
    TOO_EARLY = "not valid yet: compare the clocks"
    REPLAYED = "used before"
    UNKNOWN_SIGNER = "of an unknown key"
    UNSIGNED_HEADER = "beside a header that it does not cover"
    WRONG_HOST = "for another host"
    TOO_LARGE = "over a body larger than the guard reads"
    UNNOTED = "which the replay store did not note"


class SecretGuard:
    """Accepts a request that carries exactly one of the accepted secrets, exactly once.

    Args:
        header: name of the header, in any case, without underscores.
        secrets: one or two values, the current and the next one.
        secret_file: a file with one accepted secret a line, at most two; read again when it changes.
        environment: used when neither of the two is given: the name of the variable that holds the current
            secret. `NAME_NEXT` may hold the next one; or `NAME_FILE` names a secret file instead.
        mode: `enforce` or `observe`.

    Raises:
        GuardConfigurationError: there is no usable secret, or an argument is not valid.
    """

    def __init__(
        self,
        *,
        header: str = "backend-secret",
        secrets: Iterable[str | bytes] | None = None,
        secret_file: str | os.PathLike[str] | None = None,
        environment: str = "BACKEND_SECRET",
        mode: Mode = "enforce",
    ) -> None:
        if mode not in get_args(Mode):
            raise GuardConfigurationError(f"mode: {mode!r} is not known. Use 'enforce' or 'observe'.")
        if not _HEADER_NAME.fullmatch(header):
            raise GuardConfigurationError(
                f"header: {header!r} is not a usable name. Use letters, digits and hyphens, no underscore."
            )
        self._header = header.lower().encode()
        self._source = _source(secrets, secret_file, environment)
        self._mode: Mode = mode
        self._announce()

    @property
    def header(self) -> bytes:
        """The header's name in lower case."""
        return self._header

    @property
    def mode(self) -> Mode:
        return self._mode

    @property
    def needs_loop(self) -> bool:
        """Whether only `acheck` can judge: never."""
        return False

    def check(self, values: Sequence[bytes], *, aliased: bool = False) -> Verdict:
        """Judge the field values of the header, one item a header line.

        `aliased` says that the request has a field whose name differs only by `_` for `-`.
        """
        if aliased:
            return Verdict.ALIASED
        if len(values) > 1:
            return Verdict.DUPLICATE
        if not values or not values[0]:
            return Verdict.MISSING
        return Verdict.ACCEPTED if self._matches(values[0]) else Verdict.MISMATCH

    async def acheck(self, values: Sequence[bytes], *, aliased: bool = False) -> Verdict:
        """Do the same in an event loop."""
        return self.check(values, aliased=aliased)

    def admits(self, verdict: Verdict, *, path: str) -> bool:
        """Whether the request goes on to the application; logs what is, or would be, refused."""
        if verdict is Verdict.ACCEPTED:
            return True
        observing = self._mode == "observe"
        _logger.warning(
            "%s a request that is not the gateway's: header %s %s, path %r",
            "let through (observe mode)" if observing else "refused",
            self._header.decode(),
            verdict.value,
            path,
        )
        return observing

    def is_alias(self, name: bytes) -> bool:
        """Whether a header name is ours but for `_` in the place of `-`."""
        lowered = name.lower()
        return lowered != self._header and lowered.replace(b"_", b"-") == self._header

    def _matches(self, value: bytes) -> bool:
        given = digest(value)
        matched = False
        for accepted in self._source.digests():
            # No early exit: how long it takes must not tell which of the two it was.
            matched |= hmac.compare_digest(given, accepted)
        return matched

    def _announce(self) -> None:
        # An origin that is only watching is not sealed, and its log must say so from the first line.
        level = logging.INFO if self._mode == "enforce" else logging.WARNING
        _logger.log(level, "%r starts, accepting %d secrets", self, len(self._source.digests()))

    def __repr__(self) -> str:
        return f"SecretGuard(header={self._header.decode()!r}, mode={self._mode!r}, from {self._source})"


def _source(
    secrets: Iterable[str | bytes] | None, secret_file: str | os.PathLike[str] | None, environment: str
) -> SecretSource:
    if secrets is not None and secret_file is not None:
        raise GuardConfigurationError("secrets and secret_file are both given. Keep one of them.")
    if secret_file is not None:
        return FileSecrets(secret_file)
    if secrets is None:
        return from_environment(environment, os.environ)
    # A lone string is an iterable of one-letter strings, and never what was meant.
    values = [secrets] if isinstance(secrets, (str, bytes)) else secrets
    return FixedSecrets(values, where="secrets")
