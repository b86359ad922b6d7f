"""Signed requests at applications in real frameworks, on the servers that they are deployed with."""

from __future__ import annotations

import hashlib
import http.client
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from tests.guards.stands.frameworks import SIGNED, Framework

SECRET = "the-secret-that-signs-requests"
BODY = json.dumps({"amount": 1, "note": "ä"}).encode()
_ids = iter(range(1_000_000))


@pytest.fixture(scope="module", params=SIGNED, ids=attrgetter("name"))
def port(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    framework: Framework = request.param
    with framework(tmp_path_factory.mktemp("signed"), mode="enforce", secrets=[SECRET]) as found:
        yield found


@dataclass(frozen=True)
class Sent:
    """A request as it goes out; `headers` hold its signature."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


def _signed(port: int, target: str = "/orders/a%20b?x=1&y=%26", *, at: float | None = None, tenant: str = "a") -> Sent:
    """Return a request that botocore has signed."""
    date = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(time.time() if at is None else at))
    fields = {
        "accept-encoding": "identity",
        "host": f"127.0.0.1:{port}",
        "content-type": "application/json",
        "x-amz-content-sha256": hashlib.sha256(BODY).hexdigest(),
        "x-amz-date": date,
        "x-request-id": str(next(_ids)),
        "x-tenant": tenant,
    }
    request = AWSRequest("POST", f"http://127.0.0.1:{port}{target}", headers=fields, data=BODY)
    request.context["timestamp"] = date
    signer = SigV4Auth(Credentials("gateway", SECRET), "wicketgate", "origin")
    signature = signer.signature(signer.string_to_sign(request, signer.canonical_request(request)), request)
    scope = f"gateway/{date[:8]}/origin/wicketgate/aws4_request"
    names = ";".join(sorted(fields))
    proof = f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders={names}, Signature={signature}"
    return Sent("POST", target, {**fields, "authorization": proof}, BODY)


def _ask(port: int, sent: Sent, *, chunked: bool = False) -> tuple[int, Any]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    body = (part for part in (sent.body[:5], sent.body[5:])) if chunked else sent.body
    connection.request(sent.method, sent.target, body, sent.headers, encode_chunked=chunked)
    answer = connection.getresponse()
    found = answer.status, json.loads(answer.read() or b"null")
    connection.close()
    return found


@pytest.mark.parametrize("chunked", [False, True])
def test_the_framework_gets_what_was_signed(port: int, *, chunked: bool) -> None:
    sent = _signed(port)
    if chunked:
        sent = replace(sent, headers={**sent.headers, "transfer-encoding": "chunked"})
    status, told = _ask(port, sent, chunked=chunked)
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
    assert _ask(port, replace(_signed(port), **changed))[0] == 401


def test_a_header_counts_only_as_it_was_signed(port: int) -> None:
    sent = _signed(port)
    assert _ask(port, replace(sent, headers={**sent.headers, "x-tenant": "b"}))[0] == 401
    assert _ask(port, replace(sent, headers={**sent.headers, "x-role": "admin"}))[0] == 401
    assert _ask(port, sent)[0] == 200


def test_a_request_counts_once_and_for_five_minutes(port: int) -> None:
    sent = _signed(port)
    assert [_ask(port, sent)[0], _ask(port, sent)[0]] == [200, 401]
    now = time.time()
    assert _ask(port, _signed(port, at=now - 330))[0] == 401
    assert _ask(port, _signed(port, at=now + 90))[0] == 401
    assert _ask(port, _signed(port, at=now - 200))[0] == 200


def test_a_request_without_a_signature_is_refused_before_its_body(port: int) -> None:
    sent = _signed(port)
    bare = {name: value for name, value in sent.headers.items() if name != "authorization"}
    assert _ask(port, replace(sent, headers=bare))[0] == 401
