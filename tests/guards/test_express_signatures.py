"""Requests that botocore and the real SigV4A key derivation sign, at a real Express application with the guard."""

from __future__ import annotations

import hashlib
import http.client
import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from tests.guards.stands.frameworks import express_folder
from wicketgate_guard._canonical import SignedRequest, canonical_request, string_to_sign
from wicketgate_guard.sigv4a_public_key import _number, public_key

KEY_ID, SECRET = "gateway", "the-secret-that-signs-requests"
SYMMETRIC = {"secrets": {KEY_ID: SECRET}}


@contextmanager
def _express(base: Path, **options: Any) -> Iterator[int]:
    folder = express_folder(base)
    shutil.copy(Path(__file__).parent / "stands/apps/express_signed.js", folder)
    command = ["node", str(folder / "express_signed.js"), json.dumps(options)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        # The guard's own first line comes before the port.
        lines = iter(process.stdout.readline, "")
        try:
            yield next((int(line) for line in lines if line.strip().isdecimal()), 0)
        finally:
            process.kill()


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with _express(tmp_path_factory.getbasetemp(), **SYMMETRIC) as found:
        yield found


_ids = iter(range(1_000_000))


def _signed(
    port: int,
    method: str,
    target: str,
    body: bytes = b"",
    *,
    at: datetime | None = None,
    also: dict[str, str] | None = None,
    **changed: str,
) -> dict[str, str]:
    """Return the headers of a request that botocore has signed."""
    date = (at or datetime.now(UTC)).strftime("%Y%m%dT%H%M%SZ")
    fields = {
        "host": f"127.0.0.1:{port}",
        "x-amz-date": date,
        "x-amz-content-sha256": hashlib.sha256(body).hexdigest(),
        "x-request-id": str(next(_ids)),
        **(also or {}),
    }
    request = AWSRequest(method, f"http://127.0.0.1:{port}{target}", headers=fields, data=body)
    request.context["timestamp"] = date
    region, service = changed.get("region", "origin"), changed.get("service", "wicketgate")
    signer = SigV4Auth(Credentials(KEY_ID, changed.get("secret", SECRET)), service, region)
    text = signer.string_to_sign(request, signer.canonical_request(request))
    scope = f"{changed.get('key', KEY_ID)}/{date[:8]}/{region}/{service}/aws4_request"
    names = ";".join(sorted(fields))
    signature = signer.signature(text, request)
    fields["authorization"] = f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders={names}, Signature={signature}"
    return fields


def _send(port: int, method: str, target: str, body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    # Nothing that is not signed: not even what a client adds by itself.
    connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
    for name, value in {**headers, **({"content-length": str(len(body))} if body else {})}.items():
        connection.putheader(name, value)
    connection.endheaders(body or None)
    answer = connection.getresponse()
    found = answer.status, answer.read()
    connection.close()
    return found


@pytest.mark.parametrize(
    ("method", "target", "body"),
    [
        ("GET", "/orders", b""),
        ("GET", "/a%20b/%C3%A4~._-?b=2&a=1&a=0&empty=&x=%26", b""),
        ("POST", "/orders", b'{"amount": 1}'),
        ("POST", "/orders", bytes(range(256)) * 100),
    ],
)
def test_what_is_signed_is_let_in_with_its_body(port: int, method: str, target: str, body: bytes) -> None:
    headers = _signed(port, method, target, body)
    assert _send(port, method, target, body, headers) == (200, body)
    assert _send(port, method, target, body, headers)[0] == 401, "once"


def test_parsers_of_bodies_work_behind_the_guard(port: int) -> None:
    body = b'{ "amount": 1 }'
    headers = _signed(port, "POST", "/", body, also={"content-type": "application/json"})
    assert _send(port, "POST", "/", body, headers) == (200, b'{"amount":1}'), "parsed, and written anew"


@pytest.mark.parametrize("text", ["\u00e0 la carte", "\u00c5ngstr\u00f6m", "a  b"])
def test_a_byte_of_utf8_is_not_white_space(port: int, text: str) -> None:
    raw = text.encode().decode("latin-1")
    assert (
        _send(port, "GET", "/", b"", {**_signed(port, "GET", "/", also={"x-tenant": text}), "x-tenant": raw})[0] == 200
    )
    added = {**_signed(port, "GET", "/", also={"x-tenant": text}), "x-tenant": f"{raw} \u00a0"}
    assert _send(port, "GET", "/", b"", added)[0] == 401


def test_whatever_is_changed_is_refused(port: int) -> None:
    body = b"amount=1"

    def status(
        *, method: str = "POST", target: str = "/o?a=1", sent: bytes = body, changed: dict[str, str] | None = None
    ) -> int:
        headers = {**_signed(port, "POST", "/o?a=1", body), **(changed or {})}
        return _send(port, method, target, sent, headers)[0]

    assert status() == 200
    assert status(method="PUT") == 401
    assert status(target="/o?a=2") == 401
    assert status(target="/admin") == 401
    assert status(sent=b"amount=9") == 401
    assert status(changed={"host": "billing.internal"}) == 401
    assert status(changed={"x-request-id": "other"}) == 401
    assert status(changed={"x-user": "admin"}) == 401
    assert status(changed={"x-amz-content-sha256": "UNSIGNED-PAYLOAD"}) == 401
    assert status(changed={"x-forwarded-for": "192.0.2.1"}) == 200
    assert status(changed={"authorization": "Bearer a.b.c"}) == 401


def test_who_signed_and_when_counts(port: int) -> None:
    now = datetime.now(UTC)

    def status(**signed: Any) -> int:
        return _send(port, "GET", "/", b"", _signed(port, "GET", "/", **signed))[0]

    assert status(at=now - timedelta(seconds=200)) == 200
    assert status(at=now - timedelta(seconds=400)) == 401
    assert status(at=now + timedelta(seconds=120)) == 401
    assert status(secret="another-secret-of-somebody") == 401
    assert status(key="somebody") == 401
    assert status(region="elsewhere") == 401
    assert status(service="s3") == 401


def test_a_public_key_is_enough_to_verify(tmp_path_factory: pytest.TempPathFactory) -> None:
    with _express(tmp_path_factory.getbasetemp(), publicKeys={KEY_ID: public_key(KEY_ID, SECRET)}) as port:
        headers = _asymmetric(port)
        assert _send(port, "GET", "/orders", b"", {**headers, "x-request-id": "2"})[0] == 401
        assert _send(port, "GET", "/orders", b"", headers)[0] == 200
        assert _send(port, "GET", "/orders", b"", headers)[0] == 401


def _asymmetric(port: int) -> dict[str, str]:
    date = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    fields = {
        "host": f"127.0.0.1:{port}",
        "x-amz-content-sha256": hashlib.sha256(b"").hexdigest(),
        "x-amz-date": date,
        "x-amz-region-set": "origin",
        "x-request-id": "1",
    }
    request = SignedRequest("GET", b"/orders", [(name.encode(), value.encode()) for name, value in fields.items()])
    scope, names = f"{date[:8]}/wicketgate/aws4_request", list(fields)
    text = string_to_sign(
        "AWS4-ECDSA-P256-SHA256", date, scope, canonical_request(request, names, fields["x-amz-content-sha256"])
    )
    key = ec.derive_private_key(_number(KEY_ID, SECRET), ec.SECP256R1())
    signature = key.sign(text, ec.ECDSA(hashes.SHA256())).hex()
    credential = f"Credential={KEY_ID}/{scope}, SignedHeaders={';'.join(names)}, Signature={signature}"
    return {**fields, "authorization": f"AWS4-ECDSA-P256-SHA256 {credential}"}


def test_a_body_that_is_too_large_is_refused(tmp_path_factory: pytest.TempPathFactory) -> None:
    with _express(tmp_path_factory.getbasetemp(), **SYMMETRIC, bodyLimit=10) as port:
        body = b"x" * 11
        assert _send(port, "POST", "/", body, _signed(port, "POST", "/", body))[0] == 401


@pytest.mark.parametrize(
    "options", [{}, {"secrets": {}}, {"secrets": {"k": []}}, {"secrets": {"k": "short"}}, {"publicKeys": {"k": "none"}}]
)
def test_what_would_let_anybody_in_does_not_start(
    tmp_path_factory: pytest.TempPathFactory, options: dict[str, Any]
) -> None:
    with _express(tmp_path_factory.getbasetemp(), **options) as port:
        assert port == 0
