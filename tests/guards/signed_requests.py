"""Requests that botocore signs, and sends in whatever way they were changed."""

from __future__ import annotations

import hashlib
import http.client
import json
import time
from dataclasses import dataclass
from typing import Any

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

SECRET = "the-secret-that-signs-requests"
BODY = json.dumps({"amount": 1, "note": "ä"}).encode()
_ids = iter(range(1_000_000))


@dataclass(frozen=True)
class Sent:
    """A request as it goes out; `headers` hold its signature."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


def signed(port: int, target: str = "/orders/a%20b?x=1&y=%26", *, at: float | None = None, tenant: str = "a") -> Sent:
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


def ask(port: int, sent: Sent, *, chunked: bool = False) -> tuple[int, Any]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    body = (part for part in (sent.body[:5], sent.body[5:])) if chunked else sent.body
    connection.request(sent.method, sent.target, body, sent.headers, encode_chunked=chunked)
    answer = connection.getresponse()
    found = answer.status, json.loads(answer.read() or b"null")
    connection.close()
    return found
