"""The decision about a signed request: by whom, over what, when, and for the first time."""

from __future__ import annotations

import datetime
import hashlib
import hmac
import logging
import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Callable, get_args

from wicketgate_guard._canonical import UNSIGNED_PAYLOAD, SignedRequest, canonical_request, string_to_sign
from wicketgate_guard._guard import Mode, Verdict
from wicketgate_guard._replay import MemoryReplayStore, ReplayStore
from wicketgate_guard._sources import MINIMUM_SECRET_BYTES, GuardConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_logger = logging.getLogger("wicketgate_guard")

_SYMMETRIC, _ASYMMETRIC = "AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256"
_AUTHORIZATION = re.compile(
    r"(?P<algorithm>AWS4-[A-Z0-9-]+) Credential=(?P<key>[^/,\s]+)/(?P<scope>[!-+\--~]+), ?"
    r"SignedHeaders=(?P<signed>[a-z0-9!#$%&'*+.^_`|~;-]+), ?Signature=(?P<signature>[0-9a-f]+)"
)
_DATE = re.compile(r"\d{8}T\d{6}Z")
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
class _Claim:
    """What `Authorization` says."""

    algorithm: str
    key: str
    scope: str
    signed: tuple[str, ...]
    signature: str


class SignatureGuard:
    """Accepts a request once, if its signature is right and covers all of it.

    Args:
        secrets: by key id the secret that signs, or the current and the next one (`sigv4`).
        public_keys: by key id a public key, PEM (`sigv4a`): `python -m wicketgate_guard.sigv4a_public_key` makes it.
        service, region: as the gateway's policy has them.
        window: seconds for which a signature counts; `ahead` those by which the signer's clock may be ahead.
        unsigned_payload: let bodies in that are not signed.
        hosts: the names (`Host`) that this origin has; give them if another origin has the same key, for its requests
            are good here otherwise.
        unsigned_headers: what proxies between the gateway and this origin add, such as `x-forwarded-port`.
        replay: where signatures are remembered; several processes must share one.
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
        replay: ReplayStore | None = None,
        body_limit: int = 1024 * 1024,
        mode: Mode = "enforce",
        clock: Callable[[], float] = time.time,
    ) -> None:
        if mode not in get_args(Mode):
            raise GuardConfigurationError(f"mode: {mode!r} is not known. Use 'enforce' or 'observe'.")
        if not (window > 0 and ahead >= 0):
            raise GuardConfigurationError("window and ahead: give seconds, such as 300 and 60.")
        self._secrets = {name: _usable(name, given) for name, given in (secrets or {}).items()}
        self._public_keys = {name: _loaded(name, pem) for name, pem in (public_keys or {}).items()}
        if not self._secrets and not self._public_keys:
            raise GuardConfigurationError("secrets and public_keys: none is given. Give the key that the gateway has.")
        self._service, self._region = service, region
        self._window, self._ahead = window, ahead
        self._unsigned_payload = unsigned_payload
        self._hosts = None if hosts is None else frozenset(host.lower() for host in hosts)
        self._unsigned_headers = frozenset(name.lower() for name in unsigned_headers)
        self._replay = replay or MemoryReplayStore(clock=clock)
        self.body_limit = body_limit
        self._mode: Mode = mode
        self._clock = clock
        level = logging.INFO if mode == "enforce" else logging.WARNING
        _logger.log(level, "%r starts", self)

    @property
    def mode(self) -> Mode:
        return self._mode

    def check(self, request: SignedRequest) -> Verdict:
        """Judge a request, whose body has been read."""
        claim = _claimed(request)
        if isinstance(claim, Verdict):
            return claim
        return self._dated(request, claim) or self._covered(request, claim) or self._signed(request, claim)

    def refuses(self, request: SignedRequest) -> Verdict | None:
        """Judge what needs no body: a request without a signature of these minutes is not worth reading."""
        claim = _claimed(request)
        return claim if isinstance(claim, Verdict) else self._dated(request, claim)

    @property
    def may_block(self) -> bool:
        """Whether a check may wait, for a store that processes share."""
        return not isinstance(self._replay, MemoryReplayStore)

    def admits(self, verdict: Verdict, *, path: str) -> bool:
        """Whether the request goes on to the application; logs what is, or would be, refused."""
        if verdict is Verdict.ACCEPTED:
            return True
        observing = self._mode == "observe"
        action = "let through (observe mode)" if observing else "refused"
        _logger.warning("%s a request that is not the gateway's: signature %s, path %r", action, verdict.value, path)
        return observing

    def _dated(self, request: SignedRequest, claim: _Claim) -> Verdict | None:
        dates = request.values("x-amz-date")
        if len(dates) != 1 or not _DATE.fullmatch(dates[0]) or not claim.scope.startswith(f"{dates[0][:8]}/"):
            return Verdict.MISMATCH
        try:
            age = self._clock() - _made(dates[0])
        except ValueError:
            return Verdict.MISMATCH
        if -self._ahead <= age <= self._window:
            return None
        _logger.warning("a signature is %.0f s %s", abs(age), "old" if age > 0 else "ahead of this clock")
        return Verdict.EXPIRED if age > 0 else Verdict.TOO_EARLY

    def _covered(self, request: SignedRequest, claim: _Claim) -> Verdict | None:
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
        return self._intact(request)

    def _intact(self, request: SignedRequest) -> Verdict | None:
        (payload,) = request.values("x-amz-content-sha256")
        if payload == UNSIGNED_PAYLOAD:
            return None if self._unsigned_payload else Verdict.MISMATCH
        return None if hashlib.sha256(request.body).hexdigest() == payload else Verdict.MISMATCH

    def _signed(self, request: SignedRequest, claim: _Claim) -> Verdict:
        (date,), (payload,) = request.values("x-amz-date"), request.values("x-amz-content-sha256")
        text = string_to_sign(claim.algorithm, date, claim.scope, canonical_request(request, claim.signed, payload))
        verdict = self._verified(request, claim, text)
        if verdict is not Verdict.ACCEPTED:
            return verdict
        # Not the signature: one of ECDSA has a twin that is as good.
        seen = f"{claim.key} {hashlib.sha256(text).hexdigest()}"
        first = self._replay.first(seen, _made(date) + self._window + _LONGER)
        return Verdict.ACCEPTED if first else Verdict.REPLAYED

    def _verified(self, request: SignedRequest, claim: _Claim, text: bytes) -> Verdict:
        day = claim.scope[:8]
        if claim.algorithm == _SYMMETRIC and claim.scope == f"{day}/{self._region}/{self._service}/aws4_request":
            accepted = self._secrets.get(claim.key)
            return Verdict.UNKNOWN_SIGNER if accepted is None else self._matching(accepted, day, text, claim.signature)
        if claim.algorithm == _ASYMMETRIC and claim.scope == f"{day}/{self._service}/aws4_request":
            key = self._public_keys.get(claim.key)
            if "x-amz-region-set" not in claim.signed or request.values("x-amz-region-set") != [self._region]:
                return Verdict.MISMATCH
            return Verdict.UNKNOWN_SIGNER if key is None else _verified(key, text, claim.signature)
        return Verdict.MISMATCH

    def _matching(self, accepted: tuple[bytes, ...], day: str, text: bytes, signature: str) -> Verdict:
        matched = False
        for secret in accepted:
            key = b"AWS4" + secret
            for part in (day, self._region, self._service, "aws4_request"):
                key = hmac.new(key, part.encode(), hashlib.sha256).digest()
            # No early exit: how long it takes must not tell which of the two it was.
            matched |= hmac.compare_digest(hmac.new(key, text, hashlib.sha256).hexdigest(), signature)
        return Verdict.ACCEPTED if matched else Verdict.MISMATCH

    def __repr__(self) -> str:
        keys = ", ".join(sorted({*self._secrets, *self._public_keys}))
        return f"SignatureGuard(keys {keys}, {self._service} in {self._region}, mode={self._mode!r})"


def _claimed(request: SignedRequest) -> _Claim | Verdict:
    values = request.values("authorization")
    if len(values) != 1:
        return Verdict.DUPLICATE if values else Verdict.MISSING
    match = _AUTHORIZATION.fullmatch(values[0])
    if match is None:
        return Verdict.MISSING
    signed = tuple(match["signed"].split(";"))
    return _Claim(match["algorithm"], match["key"], match["scope"], signed, match["signature"])


def _made(date: str) -> float:
    return datetime.datetime.strptime(date, "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.timezone.utc).timestamp()


def _usable(name: str, given: str | Iterable[str]) -> tuple[bytes, ...]:
    # An unset variable is None: it is refused like an empty one, in our own words.
    found = [given] if given is None or isinstance(given, (str, bytes)) else list(given)
    values = tuple(value.encode() if isinstance(value, str) else b"" for value in found)
    if len(values) not in (1, 2) or any(len(value) < MINIMUM_SECRET_BYTES for value in values):
        raise GuardConfigurationError(
            f"secrets[{name!r}]: give one secret or two, each of at least {MINIMUM_SECRET_BYTES} bytes."
        )
    return values


def _loaded(name: str, pem: str) -> Any:
    try:
        from cryptography.hazmat.primitives.asymmetric import ec
        from cryptography.hazmat.primitives.serialization import load_pem_public_key
    except ImportError:
        raise GuardConfigurationError("cryptography is not installed. Install wicketgate-guard[token].") from None
    try:
        key = load_pem_public_key(pem.encode())
    except ValueError:
        key = None
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise GuardConfigurationError(f"public_keys[{name!r}]: this is no P-256 public key in PEM.")
    return key


def _verified(key: Any, text: bytes, signature: str) -> Verdict:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec

    try:
        key.verify(bytes.fromhex(signature), text, ec.ECDSA(hashes.SHA256()))
    except (InvalidSignature, ValueError):
        return Verdict.MISMATCH
    return Verdict.ACCEPTED
