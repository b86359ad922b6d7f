"""What the demo tries, and how it judges the answers. Pure: it sends nothing itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from wicketgate.demo.raw_http import Answer
from wicketgate.demo.sample_origin import WITNESS

FORGED = b"forged-by-the-caller"
ONE_GENUINE = "genuine=1 other=0"


class Target(StrEnum):
    ORIGIN = "origin"
    GATEWAY = "gateway"


class Expectation(StrEnum):
    TURNED_AWAY = "401"
    ANSWERED = "200, origin saw one genuine secret"
    HARMLESS = "one genuine secret, or refused by the gateway"
    REFUSED = "refused by the gateway"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One request: `lines` are header lines as they go on the wire."""

    title: str
    target: Target
    expectation: Expectation
    lines: tuple[bytes, ...] = ()
    method: str = "GET"
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Finding:
    """What came of an attempt."""

    attempt: Attempt
    good: bool
    seen: str


def attempts() -> Iterator[Attempt]:
    """Yield every attempt, the plain ones first."""
    yield Attempt("direct, without the secret", Target.ORIGIN, Expectation.TURNED_AWAY)
    yield Attempt("direct, with a guess", Target.ORIGIN, Expectation.TURNED_AWAY, (b"backend-secret: " + FORGED,))
    yield Attempt("through the gateway", Target.GATEWAY, Expectation.ANSWERED)
    for title, lines in _FORGERIES.items():
        yield Attempt(f"forged, {title}", Target.GATEWAY, Expectation.HARMLESS, lines)
    # An origin that answers TRACE would send the caller its own secret back (RFC 9110 section 9.3.8).
    yield Attempt("echo by TRACE", Target.GATEWAY, Expectation.REFUSED, method="TRACE")
    yield Attempt(
        "forged, in a trailer",
        Target.GATEWAY,
        Expectation.HARMLESS,
        (b"Transfer-Encoding: chunked", b"Trailer: backend-secret"),
        method="POST",
        body=b"2\r\n{}\r\n0\r\nbackend-secret: " + FORGED + b"\r\n\r\n",
    )


_FORGERIES: dict[str, tuple[bytes, ...]] = {
    "lower case": (b"backend-secret: " + FORGED,),
    "upper case": (b"BACKEND-SECRET: " + FORGED,),
    "mixed case": (b"bAcKeNd-SeCrEt: " + FORGED,),
    "twice": (b"backend-secret: " + FORGED, b"Backend-Secret: " + FORGED),
    "fifty times": (b"backend-secret: " + FORGED,) * 50,
    "empty": (b"backend-secret:",),
    "with an underscore": (b"backend_secret: " + FORGED,),
    "underscore, upper case": (b"BACKEND_SECRET: " + FORGED,),
    "hyphen and underscore": (b"backend-secret: " + FORGED, b"backend_secret: " + FORGED),
    "space before the colon": (b"backend-secret : " + FORGED,),
    "folded over two lines": (b"X-Note: a", b" backend-secret: " + FORGED),
    "listed in Connection": (b"Connection: backend-secret", b"backend-secret: " + FORGED),
    "a control character": (b"backend-secret: a\x0bb",),
}


def judge(attempt: Attempt, answer: Answer) -> Finding:
    """Compare an answer with what the attempt should come to."""
    saw = answer.header(WITNESS)
    match attempt.expectation:
        case Expectation.TURNED_AWAY:
            good = answer.status == 401
        case Expectation.ANSWERED:
            good = answer.status == 200 and saw == ONE_GENUINE
        case Expectation.HARMLESS:
            # An answer without the witness's word never reached the origin: the gateway gave it.
            good = saw == ONE_GENUINE if saw else _refused(answer)
        case Expectation.REFUSED:
            good = saw is None and _refused(answer)
    return Finding(attempt, good, _in_words(answer, saw))


def _refused(answer: Answer) -> bool:
    return answer.status == 0 or 400 <= answer.status < 500 or answer.status == 501


def _in_words(answer: Answer, saw: str | None) -> str:
    status = str(answer.status) if answer.status else "connection closed"
    return f"{status}, origin saw {saw}" if saw else status
