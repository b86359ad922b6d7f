"""A real Express application behind the signature guard, and requests that botocore and awscrt sign for it."""

from __future__ import annotations

import hashlib
import http.client
import json
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from awscrt.auth import (
    AwsCredentialsProvider,
    AwsSignatureType,
    AwsSignedBodyHeaderType,
    AwsSigningAlgorithm,
    AwsSigningConfig,
    aws_sign_request,
)
from awscrt.http import HttpHeaders, HttpRequest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from tests.guards.stands.frameworks import express_folder

KEY_ID, SECRET = "gateway", "the-secret-that-signs-requests"
SYMMETRIC = {"secrets": {KEY_ID: SECRET}}

_ids = iter(range(1_000_000))


@contextmanager
def express(base: Path, **options: Any) -> Iterator[int]:
    """Serve with the guard's options, and `replayFolder`; gives the port, 0 where it does not start."""
    folder = express_folder(base)
    shutil.copy(Path(__file__).parent / "apps/express_signed.js", folder)
    command = ["node", str(folder / "express_signed.js"), json.dumps(options)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        # The guard's own first line comes before the port.
        lines = iter(process.stdout.readline, "")
        try:
            yield next((int(line) for line in lines if line.strip().isdecimal()), 0)
        finally:
            process.kill()


def signed(
    port: int,
    method: str = "GET",
    target: str = "/",
    body: bytes = b"",
    *,
    at: datetime | None = None,
    also: Mapping[str, str] | None = None,
    payload: str | None = None,
    **changed: str,
) -> dict[str, str]:
    """Return the headers of a request that botocore has signed; `payload` stands for the hash of the body."""
    date = (at or datetime.now(UTC)).strftime("%Y%m%dT%H%M%SZ")
    fields = {
        "host": f"127.0.0.1:{port}",
        "x-amz-date": date,
        "x-amz-content-sha256": payload or hashlib.sha256(body).hexdigest(),
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


def signed_v4a(
    port: int, method: str, target: str, body: bytes = b"", *, key_id: str = KEY_ID, secret: str = SECRET
) -> dict[str, str]:
    """Return the headers of a request that awscrt has signed with SigV4A."""
    config = AwsSigningConfig(
        algorithm=AwsSigningAlgorithm.V4_ASYMMETRIC,
        signature_type=AwsSignatureType.HTTP_REQUEST_HEADERS,
        credentials_provider=AwsCredentialsProvider.new_static(key_id, secret),
        region="origin",
        service="wicketgate",
        signed_body_value=hashlib.sha256(body).hexdigest(),
        signed_body_header_type=AwsSignedBodyHeaderType.X_AMZ_CONTENT_SHA_256,
    )
    fields = [("host", f"127.0.0.1:{port}"), ("x-request-id", str(next(_ids)))]
    request = HttpRequest(method, target, HttpHeaders(fields))
    aws_sign_request(request, config).result(10)
    return {name.lower(): value for name, value in request.headers}


@dataclass(frozen=True)
class Answer:
    """What came back; `verdict` is None where the application was not reached."""

    status: int
    body: bytes
    verdict: str | None


def ask(port: int, method: str, target: str, body: bytes, headers: Mapping[str, str]) -> Answer:
    """Send nothing that is not signed: not even what a client adds by itself."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
    for name, value in {**headers, **({"content-length": str(len(body))} if body else {})}.items():
        connection.putheader(name, value)
    connection.endheaders(body or None)
    answer = connection.getresponse()
    found = Answer(answer.status, answer.read(), answer.getheader("x-verdict"))
    connection.close()
    return found


def status(port: int, headers: Mapping[str, str]) -> int:
    return ask(port, "GET", "/", b"", headers).status
