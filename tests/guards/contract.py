"""What every guard must do, as one table, and the client that asks it."""

from __future__ import annotations

import http.client
import json
from collections.abc import Collection
from dataclasses import dataclass

HEADER = "backend-secret"
CURRENT = "5f1d9c0a7be24a6c8f3e2d1b0a9c8e7f"
NEXT = "c3ab8ff13720e8ad9047dd39466b3c89"
PATH = "/orders/1"

ACCEPTED = frozenset({200})
REFUSED = frozenset({401})
# Some servers drop misspelt names and some refuse them; the application must see them under neither.
DROPPED_OR_REFUSED = ACCEPTED | REFUSED


@dataclass(frozen=True, slots=True)
class Row:
    """One request: what it carries beside Host, and which answers are right in `enforce` mode."""

    name: str
    fields: tuple[tuple[str, str], ...]
    answers: frozenset[int]


ROWS = (
    Row("current", ((HEADER, CURRENT),), ACCEPTED),
    Row("next", ((HEADER, NEXT),), ACCEPTED),
    Row("upper-case-name", (("BACKEND-SECRET", CURRENT),), ACCEPTED),
    Row("mixed-case-name", (("bAcKeNd-SeCrEt", NEXT),), ACCEPTED),
    Row("missing", (), REFUSED),
    Row("empty", ((HEADER, ""),), REFUSED),
    Row("wrong", ((HEADER, "0" * len(CURRENT)),), REFUSED),
    Row("upper-case-value", ((HEADER, CURRENT.upper()),), REFUSED),
    Row("twice-right", ((HEADER, CURRENT), (HEADER, CURRENT)), REFUSED),
    Row("current-and-next", ((HEADER, CURRENT), (HEADER, NEXT)), REFUSED),
    Row("right-then-wrong", ((HEADER, CURRENT), (HEADER, "0" * 32)), REFUSED),
    Row("wrong-then-right", ((HEADER, "0" * 32), (HEADER, CURRENT)), REFUSED),
    Row("right-then-empty", ((HEADER, CURRENT), (HEADER, "")), REFUSED),
    Row("empty-then-right", ((HEADER, ""), (HEADER, CURRENT)), REFUSED),
    Row("twice-in-two-cases", ((HEADER, CURRENT), ("Backend-Secret", CURRENT)), REFUSED),
    Row("joined-by-comma", ((HEADER, f"{CURRENT}, {CURRENT}"),), REFUSED),
    Row("joined-tightly", ((HEADER, f"{CURRENT},{NEXT}"),), REFUSED),
    Row("both-lines", ((HEADER, f"{CURRENT} {NEXT}"),), REFUSED),
    Row("prefix", ((HEADER, CURRENT[:-1]),), REFUSED),
    Row("suffix", ((HEADER, CURRENT[1:]),), REFUSED),
    Row("trailing-bytes", ((HEADER, CURRENT + "0"),), REFUSED),
    Row("doubled", ((HEADER, CURRENT + CURRENT),), REFUSED),
    Row("quoted", ((HEADER, f'"{CURRENT}"'),), REFUSED),
    Row("not-ascii", ((HEADER, CURRENT + "\xe9"),), REFUSED | {400}),
    Row("underscore", (("backend_secret", CURRENT),), REFUSED),
    Row("right-and-underscore", ((HEADER, CURRENT), ("backend_secret", "0" * 32)), DROPPED_OR_REFUSED),
    Row("other-header", (("x-backend-secret", CURRENT),), REFUSED),
    Row("in-authorization", (("authorization", CURRENT),), REFUSED),
)


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: bytes


def ask(port: int, fields: tuple[tuple[str, str], ...] = (), *, method: str = "GET", target: str = PATH) -> Answer:
    """One request on a fresh connection, with exactly these header lines."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.putrequest(method, target, skip_accept_encoding=True)
        for name, value in fields:
            connection.putheader(name, value.encode("latin-1"))
        connection.endheaders()
        response = connection.getresponse()
        return Answer(response.status, response.headers, response.read())
    finally:
        connection.close()


def assert_problem(answer: Answer, *, instance: Collection[str] = (PATH,)) -> None:
    """A refusal in the gateway's shape; `instance` are the right ways to write the path."""
    assert answer.status == 401
    assert answer.headers.get_all("content-type") == ["application/problem+json"]
    assert answer.headers["cache-control"] == "no-store"
    problem = json.loads(answer.body)
    assert problem.pop("detail")
    assert problem.pop("instance") in instance
    assert problem == {
        "type": "https://httpproblems.com/http-status/401",
        "title": "Unauthorized",
        "status": 401,
    }


def assert_header_unseen(answer: Answer) -> None:
    """The application answered and tells the names it got; ours must not be among them in any spelling."""
    assert answer.status == 200
    seen = json.loads(answer.body)["names"]
    assert "host" in [name.lower() for name in seen]
    assert HEADER not in [name.lower().replace("_", "-") for name in seen]
