"""The decision about a token of the gateway's: issuer, audience and algorithms are fixed here, never by the token."""

from __future__ import annotations

import logging
import re
import time
from typing import TYPE_CHECKING, Any, Callable, get_args

from wicketgate_guard._errors import GuardConfigurationError
from wicketgate_guard._guard import Mode, Verdict
from wicketgate_guard._keys import FileKeys, KeySource, check_url
from wicketgate_guard._once import Once, OneTime, check_needs_no_loop
from wicketgate_guard._remote_keys import RemoteKeys
from wicketgate_guard._replay import MemoryReplayStore
from wicketgate_guard._token import Token, is_date, read_token

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from wicketgate_guard._once import AnyReplayStore

_logger = logging.getLogger("wicketgate_guard")

_ALGORITHMS = ("ES256", "RS256", "EdDSA")
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^`|~-]+")
_SKEW = 60.0
"""Seconds by which clocks may differ."""
_LONGEST_LIFE = 3600.0
_NEEDED = ["exp", "iat", "iss", "aud", "sub"]


class TokenGuard:
    """Accepts a request that carries exactly one valid token of one issuer for this origin.

    Args:
        issuer: the `iss` of the gateway's tokens: `wicket issuer show` tells it.
        audience: what the gateway's policy names as `audience`; nothing else is accepted.
        algorithms: which of ES256, RS256 and EdDSA may sign.
        jwks: the URL of the keys, or a file (`wicket issuer export-jwks`); left out, the issuer's own. A URL of https
            is fetched through the proxy that the environment names, a URL of loopback never.
        claims: further claims that must have exactly these values, such as `{"installation": "berlin"}`.
        once: accept each token (`jti`) once. The gateway sends a token many times, so this is for tokens that somebody
            makes for each request; several processes need a `replay` store that they share (`ReplayStore`, or for the
            ASGI middleware `AsyncReplayStore`).
        header, prefix: where the token stands.
        mode: `enforce` or `observe`.

    Raises:
        GuardConfigurationError: an argument is missing or not safe, or PyJWT is not installed.
    """

    def __init__(
        self,
        *,
        issuer: str,
        audience: str,
        algorithms: Iterable[str] = ("ES256",),
        jwks: str | None = None,
        claims: Mapping[str, str] | None = None,
        once: bool = False,
        replay: AnyReplayStore | None = None,
        header: str = "authorization",
        prefix: str = "Bearer",
        mode: Mode = "enforce",
        clock: Callable[[], float] = time.time,
    ) -> None:
        _check_library()
        if mode not in get_args(Mode):
            raise GuardConfigurationError(f"mode: {mode!r} is not known. Use 'enforce' or 'observe'.")
        if not issuer or not audience:
            raise GuardConfigurationError("issuer and audience must be given: without them any token would do.")
        if not _HEADER_NAME.fullmatch(header):
            raise GuardConfigurationError(f"header: {header!r} is not a usable name.")
        if replay is not None and not once:
            raise GuardConfigurationError("replay: a store is given, but tokens do not count once. Give once=True.")
        check_url(issuer, what="issuer")
        self._issuer, self._audience = issuer, audience
        self._algorithms = _known(algorithms)
        self._keys = _keys_at(jwks or f"{issuer}/.well-known/jwks.json")
        self._claims = dict(claims or {})
        self._counts_once = once
        self._once = Once(MemoryReplayStore() if replay is None else replay)
        self._header, self._prefix = header.lower().encode(), prefix
        self._mode: Mode = mode
        self._clock = clock
        level = logging.INFO if mode == "enforce" else logging.WARNING
        _logger.log(level, "%r starts", self)

    @property
    def header(self) -> bytes:
        """The header's name in lower case."""
        return self._header

    @property
    def mode(self) -> Mode:
        return self._mode

    @property
    def needs_loop(self) -> bool:
        """Whether only `acheck` can judge, for the store is asynchronous."""
        return self._once.needs_loop

    def check(self, values: Sequence[bytes], *, aliased: bool = False) -> Verdict:
        """Judge the field values of the header, one item a header line.

        Raises:
            GuardConfigurationError: the replay store is asynchronous.
        """
        check_needs_no_loop(self)
        token = self._presented(values, aliased=aliased)
        if isinstance(token, Verdict):
            return token
        wait = self._keys.wanted(token.kid)
        if wait is not None:
            wait.block()
        found = self._judged(token)
        return found if isinstance(found, Verdict) else self._once.noted(found)

    async def acheck(self, values: Sequence[bytes], *, aliased: bool = False) -> Verdict:
        """Do the same in an event loop, without holding it up."""
        token = self._presented(values, aliased=aliased)
        if isinstance(token, Verdict):
            return token
        wait = self._keys.wanted(token.kid)
        if wait is not None:
            await wait.pause()
        found = self._judged(token)
        return found if isinstance(found, Verdict) else await self._once.anoted(found)

    def admits(self, verdict: Verdict, *, path: str) -> bool:
        """Whether the request goes on to the application; logs what is, or would be, refused."""
        if verdict is Verdict.ACCEPTED:
            return True
        observing = self._mode == "observe"
        action = "let through (observe mode)" if observing else "refused"
        _logger.warning("%s a request that is not the gateway's: token %s, path %r", action, verdict.value, path)
        return observing

    def is_alias(self, name: bytes) -> bool:
        """Whether a header name is ours but for `_` in the place of `-`."""
        lowered = name.lower()
        return lowered != self._header and lowered.replace(b"_", b"-") == self._header

    def _token(self, value: bytes) -> str:
        text = value.decode("latin-1").strip()
        if not self._prefix:
            return text
        scheme, _, token = text.partition(" ")
        return token.strip() if scheme.lower() == self._prefix.lower() else ""

    def _presented(self, values: Sequence[bytes], *, aliased: bool) -> Token | Verdict:
        if aliased:
            return Verdict.ALIASED
        if len(values) > 1:
            return Verdict.DUPLICATE
        text = self._token(values[0]) if values else ""
        if not text:
            return Verdict.MISSING
        token = read_token(text)
        if not token.kid:
            return Verdict.UNKNOWN_KEY
        return token if token.algorithm in self._algorithms else Verdict.MISMATCH

    def _judged(self, token: Token) -> Verdict | OneTime:
        import jwt

        key = self._keys.find(token.kid)
        if key is None:
            return Verdict.UNKNOWN_KEY
        try:
            claims = jwt.decode(
                token.text,
                key.key,
                algorithms=self._allowed(key),
                audience=self._audience,
                issuer=self._issuer,
                # Dates are looked at below, by one clock and one allowance.
                options={"require": _NEEDED, "verify_exp": False, "verify_nbf": False, "verify_iat": False},
            )
        except jwt.InvalidAudienceError:
            return Verdict.WRONG_AUDIENCE
        except jwt.InvalidIssuerError:
            return Verdict.WRONG_ISSUER
        except (jwt.PyJWTError, ValueError, TypeError, RecursionError):
            return Verdict.MISMATCH
        return self._claimed(claims)

    def _allowed(self, key: Any) -> list[str]:
        """A key serves the one algorithm that it is for: a public key is never taken for a shared secret."""
        return [name for name in self._algorithms if name == key.algorithm_name]

    def _claimed(self, claims: Mapping[str, Any]) -> Verdict | OneTime:
        dates = [claims.get(name, 0) for name in ("exp", "iat", "nbf")]
        if not all(map(is_date, dates)):
            return Verdict.MISMATCH
        refused = self._dated(*dates)
        if refused is not None:
            return refused
        if isinstance(claims["aud"], list) and len(claims["aud"]) != 1:
            return Verdict.WRONG_AUDIENCE
        if any(claims.get(name) != value for name, value in self._claims.items()):
            return Verdict.WRONG_CLAIM
        return self._first_time(claims, dates[0])

    def _dated(self, ends: float, made: float, begins: float) -> Verdict | None:
        now = self._clock()
        if now >= ends + _SKEW:
            return Verdict.EXPIRED
        if made > now + _SKEW or begins > now + _SKEW:
            return Verdict.TOO_EARLY
        return Verdict.MISMATCH if ends - made > _LONGEST_LIFE else None

    def _first_time(self, claims: Mapping[str, Any], ends: float) -> Verdict | OneTime:
        if not self._counts_once:
            return Verdict.ACCEPTED
        jti = claims.get("jti")
        return OneTime(jti, ends + _SKEW) if isinstance(jti, str) and jti else Verdict.MISMATCH

    def __repr__(self) -> str:
        return (
            f"TokenGuard(issuer={self._issuer!r}, audience={self._audience!r}, keys from {self._keys}, "
            f"mode={self._mode!r})"
        )


def _known(algorithms: Iterable[str]) -> tuple[str, ...]:
    found = (algorithms,) if isinstance(algorithms, str) else tuple(algorithms)
    unknown = [name for name in found if name not in _ALGORITHMS]
    if not found or unknown:
        raise GuardConfigurationError(f"algorithms: {', '.join(unknown) or 'none'}. Use {', '.join(_ALGORITHMS)}.")
    return found


def _keys_at(place: str) -> KeySource:
    return RemoteKeys(place) if place.startswith(("https://", "http://")) else FileKeys(place)


def _check_library() -> None:
    try:
        import jwt  # noqa: F401
        from cryptography.hazmat.primitives import hashes  # noqa: F401
    except ImportError:
        raise GuardConfigurationError(
            "PyJWT is not installed. Install wicketgate-guard[token], which brings it."
        ) from None
