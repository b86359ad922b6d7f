"""Requests that botocore signs, and the guard that knows its key."""

from __future__ import annotations

import hashlib
from datetime import datetime, timezone
from typing import Any

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from wicketgate_guard import SignatureGuard
from wicketgate_guard._canonical import SignedRequest

KEY_ID, SECRET = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=timezone.utc).timestamp()


def signed(
    method: str = "GET",
    target: str = "/orders?a=1",
    *,
    body: bytes = b"",
    at: float = NOW,
    secret: str = SECRET,
    service: str = "wicketgate",
    region: str = "origin",
    payload: str = "",
    **headers: str,
) -> SignedRequest:
    """Return a request that botocore has signed."""
    date = datetime.fromtimestamp(at, timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    fields = {
        "host": "orders.internal",
        "x-amz-date": date,
        "x-amz-content-sha256": payload or hashlib.sha256(body).hexdigest(),
        "x-request-id": "1",
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    request = AWSRequest(method, f"http://orders.internal{target}", headers=fields, data=body)
    request.context["timestamp"] = date
    signer = SigV4Auth(Credentials(KEY_ID, secret), service, region)
    text = signer.string_to_sign(request, signer.canonical_request(request))
    scope = f"{KEY_ID}/{date[:8]}/{region}/{service}/aws4_request"
    names = ";".join(sorted(fields))
    fields["authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders={names}, Signature={signer.signature(text, request)}"
    )
    return SignedRequest(method, target.encode(), [(n.encode(), v.encode()) for n, v in fields.items()], body)


def guarding(**options: Any) -> SignatureGuard:
    return SignatureGuard(**{"secrets": {KEY_ID: SECRET}, "clock": lambda: NOW, **options})


POST = signed("POST", body=b"amount=1", x_tenant="a")
