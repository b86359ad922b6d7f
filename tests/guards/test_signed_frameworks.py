"""Signed requests at applications in real frameworks, on the servers that they are deployed with."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from operator import attrgetter
from typing import Any

import pytest

from tests.guards.signed_requests import BODY, SECRET, ask, signed
from tests.guards.stands.frameworks import PLACED, SIGNED, Framework


@pytest.fixture(scope="module", params=SIGNED, ids=attrgetter("name"))
def port(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    framework: Framework = request.param
    with framework(tmp_path_factory.mktemp("signed"), mode="enforce", secrets=[SECRET]) as found:
        yield found


@pytest.mark.parametrize("chunked", [False, True])
def test_the_framework_gets_what_wassigned(port: int, *, chunked: bool) -> None:
    sent = signed(port)
    if chunked:
        sent = replace(sent, headers={**sent.headers, "transfer-encoding": "chunked"})
    status, told = ask(port, sent, chunked=chunked)
    assert (status, told) == (200, {"path": "orders/a b", "query": {"x": "1", "y": "&"}, "body": json.loads(BODY)})


@pytest.mark.parametrize(
    "changed",
    [
        {"method": "PUT"},
        {"target": "/orders/a%20c?x=1&y=%26"},
        {"target": "/orders/a%20b?x=2&y=%26"},
        {"target": "/orders/a%20b?x=1&y=%26&z"},
        {"body": BODY.replace(b"1", b"9")},
        {"body": b""},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_what_was_changed_is_refused(port: int, changed: dict[str, Any]) -> None:
    assert ask(port, replace(signed(port), **changed))[0] == 401


def test_a_header_counts_only_as_it_wassigned(port: int) -> None:
    sent = signed(port)
    assert ask(port, replace(sent, headers={**sent.headers, "x-tenant": "b"}))[0] == 401
    assert ask(port, replace(sent, headers={**sent.headers, "x-role": "admin"}))[0] == 401
    assert ask(port, sent)[0] == 200


def test_a_request_counts_once_and_for_five_minutes(port: int) -> None:
    sent = signed(port)
    assert [ask(port, sent)[0], ask(port, sent)[0]] == [200, 401]
    now = time.time()
    assert ask(port, signed(port, at=now - 330))[0] == 401
    assert ask(port, signed(port, at=now + 90))[0] == 401
    assert ask(port, signed(port, at=now - 200))[0] == 200


def test_a_request_without_a_signature_is_refused_before_its_body(port: int) -> None:
    sent = signed(port)
    bare = {name: value for name, value in sent.headers.items() if name != "authorization"}
    assert ask(port, replace(sent, headers=bare))[0] == 401


@pytest.fixture(scope="module", params=PLACED, ids=attrgetter("name"))
def placed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, str]]:
    framework: Framework = request.param
    with framework(tmp_path_factory.mktemp("placed"), mode="enforce", secrets=[SECRET]) as found:
        yield found, framework.prefix


def test_a_path_counts_as_it_was_asked_for_wherever_the_application_is(placed: tuple[int, str]) -> None:
    """Below a prefix that the server puts in front, or below a mount; and never for the other of the two."""
    port, prefix = placed
    target = f"{prefix}/orders/a%20b?x=1&y=%26"
    status, told = ask(port, signed(port, target))
    assert (status, told and told["path"]) == (200, "orders/a b")
    for other in ("/orders/a%20b?x=1&y=%26", "/api/orders/a%20b?x=1&y=%26", "/api/api/orders/a%20b?x=1&y=%26"):
        if other != target:
            assert ask(port, replace(signed(port, other), target=target))[0] == 401
