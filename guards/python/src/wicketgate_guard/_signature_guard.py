"""The decision about a signed request: by whom, over what, when, and for the first time."""

from __future__ import annotations

import hashlib
import logging
import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Callable, get_args

from wicketgate_guard._authorization import DATE, Claim, claimed, made
from wicketgate_guard._canonical import UNSIGNED_PAYLOAD, SignedRequest, canonical_request, string_to_sign
from wicketgate_guard._errors import GuardConfigurationError
from wicketgate_guard._guard import Mode, Verdict
from wicketgate_guard._once import Once, OneTime, check_needs_no_loop
from wicketgate_guard._replay import MemoryReplayStore
from wicketgate_guard._signing_keys import matching, public_keys_by_id, secrets_by_id, verified

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from wicketgate_guard._once import AnyReplayStore

_logger = logging.getLogger("wicketgate_guard")

_SYMMETRIC, _ASYMMETRIC = "AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256"
_LONGER = 60.0
"""Seconds for which a signature is remembered after it has ended: a shared store has a clock of its own."""
_NEEDED = frozenset(("host", "x-amz-content-sha256", "x-amz-date", "x-request-id"))
"""Without the id of the request two equal ones of one second could not be told from a replay."""
NOT_SIGNED = frozenset(
    (
        "authorization",
        "baggage",
        "connection",
        "content-length",
        "expect",
        "keep-alive",
        "proxy-connection",
        "te",
        "traceparent",
        "tracestate",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "via",
        "x-amzn-trace-id",
        "x-forwarded-for",
        "x-forwarded-proto",
    )
)
"""What changes on the way, so that the gateway leaves it out. Believe none of it."""


@dataclass(frozen=True)
class Proved:
    """A request whose signature is right. Its body has yet to be, and it has yet to be noted."""

    payload: str | None
    """SHA-256 of the body, in hex; None if any body will do."""
    seen: OneTime

    def covers(self, digest: str) -> bool:
        return self.payload in (None, digest)


class SignatureGuard:
    """Accepts a request once, if its signature is right and covers all of it.

    Args:
        secrets: by key id the secret that signs, or the current and the next one (`sigv4`).
        public_keys: by key id a public key, PEM (`sigv4a`): `python -m wicketgate_guard.sigv4a_public_key` makes it.
        service, region: as the gateway's policy has them.
        window: seconds for which a signature counts; `ahead` those by which the signer's clock may be ahead.
        unsigned_payload: let bodies in that are not signed; they are not read, however large.
        hosts: the names (`Host`, with its port) that this origin has; give them if another origin has the same key, for
            its requests are good here otherwise.
        unsigned_headers: what proxies between the gateway and this origin add, such as `x-forwarded-port`.
        replay: where signatures are remembered; several processes must share one (`ReplayStore`, or for the ASGI
            middleware `AsyncReplayStore`).
        body_limit: bytes of a body that are read to be checked.
        mode: `enforce` or `observe`.

    Raises:
        GuardConfigurationError: there is no usable key, or an argument is not valid.
    """

    def __init__(
        self,
        *,
        secrets: Mapping[str, str | Iterable[str]] | None = None,
        public_keys: Mapping[str, str] | None = None,
        service: str = "wicketgate",
        region: str = "origin",
        window: float = 300.0,
        ahead: float = 60.0,
        unsigned_payload: bool = False,
        hosts: Iterable[str] | None = None,
        unsigned_headers: Iterable[str] = (),
        replay: AnyReplayStore | None = None,
        body_limit: int = 1024 * 1024,
        mode: Mode = "enforce",
        clock: Callable[[], float] = time.time,
    ) -> None:
        if mode not in get_args(Mode):
            raise GuardConfigurationError(f"mode: {mode!r} is not known. Use 'enforce' or 'observe'.")
        if not (0 < window < math.inf and 0 <= ahead < math.inf):
            raise GuardConfigurationError("window and ahead: give seconds, such as 300 and 60.")
        if not body_limit >= 0:
            raise GuardConfigurationError("body_limit: give bytes, such as 1048576.")
        self._secrets = secrets_by_id(secrets)
        self._public_keys = public_keys_by_id(public_keys)
        if not self._secrets and not self._public_keys:
            raise GuardConfigurationError("secrets and public_keys: none is given. Give the key that the gateway has.")
        self._service, self._region = service, region
        self._window, self._ahead = window, ahead
        self._unsigned_payload = unsigned_payload
        self._hosts = None if hosts is None else _names("hosts", hosts)
        self._unsigned_headers = _names("unsigned_headers", unsigned_headers)
        self._once = Once(MemoryReplayStore(clock=clock) if replay is None else replay)
        self.body_limit = body_limit
        self._mode: Mode = mode
        self._clock = clock
        level = logging.INFO if mode == "enforce" else logging.WARNING
        _logger.log(level, "%r starts", self)

    @property
    def mode(self) -> Mode:
        return self._mode

    @property
    def needs_loop(self) -> bool:
        """Whether only the ASGI middleware can judge, for the store is asynchronous."""
        return self._once.needs_loop

    def check(self, request: SignedRequest) -> Verdict:
        """Judge a request, whose body has been read.

        Raises:
            GuardConfigurationError: the replay store is asynchronous.
        """
        check_needs_no_loop(self)
        proved = self.judge(request)
        if isinstance(proved, Verdict):
            return proved
        return self.noted(proved) if proved.covers(hashlib.sha256(request.body).hexdigest()) else Verdict.MISMATCH

    def judge(self, request: SignedRequest) -> Verdict | Proved:
        """Judge all but the body: one that nobody has signed is not worth reading."""
        claim = claimed(request)
        if isinstance(claim, Verdict):
            return claim
        return self._dated(request, claim) or self._covered(request, claim) or self._signed(request, claim)

    def noted(self, proved: Proved) -> Verdict:
        """Say whether it is the first time: the last step, for what is noted is used up."""
        return self._once.noted(proved.seen)

    async def anoted(self, proved: Proved) -> Verdict:
        """Do the same in an event loop, without holding it up."""
        return await self._once.anoted(proved.seen)

    def admits(self, verdict: Verdict, *, path: str) -> bool:
        """Whether the request goes on to the application; logs what is, or would be, refused."""
        if verdict is Verdict.ACCEPTED:
            return True
        observing = self._mode == "observe"
        action = "let through (observe mode)" if observing else "refused"
        _logger.warning("%s a request that is not the gateway's: signature %s, path %r", action, verdict.value, path)
        return observing

    def _dated(self, request: SignedRequest, claim: Claim) -> Verdict | None:
        dates = request.values("x-amz-date")
        if len(dates) != 1 or not DATE.fullmatch(dates[0]) or not claim.scope.startswith(f"{dates[0][:8]}/"):
            return Verdict.MISMATCH
        try:
            age = self._clock() - made(dates[0])
        except ValueError:
            return Verdict.MISMATCH
        if -self._ahead <= age <= self._window:
            return None
        _logger.warning("a signature is %.0f s %s", abs(age), "old" if age > 0 else "ahead of this clock")
        return Verdict.EXPIRED if age > 0 else Verdict.TOO_EARLY

    def _covered(self, request: SignedRequest, claim: Claim) -> Verdict | None:
        """Everything that the application may believe must be signed, each name once."""
        # A field without a value says nothing, and is not signed.
        signed, there = set(claim.signed), [name.decode("latin-1") for name, value in request.headers if value.strip()]
        if list(claim.signed) != sorted(signed) or not signed >= _NEEDED:
            return Verdict.MISMATCH
        if any(len(request.values(name)) != 1 for name in _NEEDED):
            return Verdict.DUPLICATE
        loose = {name for name in there if name not in signed}
        if loose - NOT_SIGNED - self._unsigned_headers:
            return Verdict.UNSIGNED_HEADER
        if self._hosts is not None and request.values("host")[0].lower() not in self._hosts:
            return Verdict.WRONG_HOST
        return None

    def _signed(self, request: SignedRequest, claim: Claim) -> Verdict | Proved:
        (date,), (payload,) = request.values("x-amz-date"), request.values("x-amz-content-sha256")
        if payload == UNSIGNED_PAYLOAD and not self._unsigned_payload:
            return Verdict.MISMATCH
        text = string_to_sign(claim.algorithm, date, claim.scope, canonical_request(request, claim.signed, payload))
        verdict = self._verified(request, claim, text)
        if verdict is not Verdict.ACCEPTED:
            return verdict
        # Not the signature: one of ECDSA has a twin that is as good.
        seen = OneTime(f"{claim.key} {hashlib.sha256(text).hexdigest()}", made(date) + self._window + _LONGER)
        return Proved(None if payload == UNSIGNED_PAYLOAD else payload, seen)

    def _verified(self, request: SignedRequest, claim: Claim, text: bytes) -> Verdict:
        day = claim.scope[:8]
        if claim.algorithm == _SYMMETRIC and claim.scope == f"{day}/{self._region}/{self._service}/aws4_request":
            accepted = self._secrets.get(claim.key)
            if accepted is None:
                return Verdict.UNKNOWN_SIGNER
            return matching(accepted, claim.scope, text, claim.signature)
        if claim.algorithm == _ASYMMETRIC and claim.scope == f"{day}/{self._service}/aws4_request":
            key = self._public_keys.get(claim.key)
            if "x-amz-region-set" not in claim.signed or request.values("x-amz-region-set") != [self._region]:
                return Verdict.MISMATCH
            return Verdict.UNKNOWN_SIGNER if key is None else verified(key, text, claim.signature)
        return Verdict.MISMATCH

    def __repr__(self) -> str:
        keys = ", ".join(sorted({*self._secrets, *self._public_keys}))
        return f"SignatureGuard(keys {keys}, {self._service} in {self._region}, mode={self._mode!r})"


def _names(option: str, given: Iterable[str]) -> frozenset[str]:
    # A lone string is an iterable of one-letter strings, and never what was meant.
    names = frozenset(name.lower() for name in ([given] if isinstance(given, str) else given))
    if "" in names:
        raise GuardConfigurationError(f"{option}: a name is empty. An unset variable is the usual reason.")
    return names
