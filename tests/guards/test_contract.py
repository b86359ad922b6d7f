"""Every guard against the one table, on real servers and sockets."""

from __future__ import annotations

import re
import socket
import time

import pytest

from tests.guards.conftest import Served
from tests.guards.contract import (
    CURRENT,
    HEADER,
    NEXT,
    ROWS,
    Row,
    ask,
    assert_header_unseen,
    assert_problem,
)
from tests.guards.stands.base import logged

_LOG_SECONDS = 2.0
_UPGRADE = (
    "GET /socket HTTP/1.1\r\nHost: origin\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_enforce(enforcing: Served, row: Row) -> None:
    answer = ask(enforcing.port, row.fields)
    assert answer.status in row.answers
    if answer.status == 401:
        assert_problem(answer)
    if answer.status == 200:
        assert_header_unseen(answer)
    assert CURRENT.encode() not in answer.body


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_observe_lets_through(observing: Served, row: Row) -> None:
    answer = ask(observing.port, row.fields)
    if answer.status != 400:
        assert_header_unseen(answer)


@pytest.mark.parametrize("path", ["/a.json", "/a%22b%5C%7B%7B.Req%7D%7D/%C3%A9", "/x'y", "/$1/${x}"])
def test_instance_is_the_path_whatever_is_in_it(enforcing: Served, path: str) -> None:
    answer = ask(enforcing.port, target=f"{path}?token=x")
    escaped = path.replace("{x}", "%7Bx%7D")
    lowered = re.sub("%[0-9A-F]{2}", lambda code: code[0].lower(), escaped)
    assert_problem(answer, instance={escaped, lowered, path})


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_no_method_goes_round(enforcing: Served, method: str) -> None:
    assert_problem(ask(enforcing.port, method=method))


def test_head_has_no_body(enforcing: Served) -> None:
    answer = ask(enforcing.port, method="HEAD")
    assert answer.status == 401
    assert answer.body == b""


def test_websocket_is_refused_before_the_handshake_ends(enforcing: Served) -> None:
    with socket.create_connection(("127.0.0.1", enforcing.port), timeout=10) as caller:
        caller.sendall(_UPGRADE.encode())
        assert caller.recv(4096).startswith(b"HTTP/1.1 401 ")


def test_no_secret_in_any_log(enforcing: Served) -> None:
    ask(enforcing.port, ((HEADER, CURRENT),))
    ask(enforcing.port, ((HEADER, f"wrong-{NEXT}"),), target="/the-last-one")
    _wait_for(enforcing, "/the-last-one")
    assert CURRENT not in logged(enforcing.folder)
    assert NEXT not in logged(enforcing.folder)


def test_observe_tells_what_it_would_refuse(observing: Served) -> None:
    ask(observing.port, ((HEADER, CURRENT),), target="/genuine")
    ask(observing.port, target="/forged")
    lines = _wait_for(observing, "/forged")
    assert re.search(r"let through|would-refuse", lines)
    assert not re.search(r"let through|would-refuse", _lines_with(observing, "/genuine"))


def _lines_with(served: Served, text: str) -> str:
    return "\n".join(line for line in logged(served.folder).splitlines() if text in line)


def _wait_for(served: Served, text: str) -> str:
    deadline = time.monotonic() + _LOG_SECONDS
    while not _lines_with(served, text) and time.monotonic() < deadline:
        time.sleep(0.02)
    return _lines_with(served, text)
