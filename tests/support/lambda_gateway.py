"""Lambda with one function behind the gateway: routes that invoke it in every way."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.support.gateway import Gateway
from tests.support.origin import RecordingOrigin, Seen
from tests.support.project import handler, operation, policy, write_project
from tests.support.signing import profile, signing
from tests.support.sigv4 import Key

KEY = Key(service="lambda", region="eu-west-1")
PATH = "/2015-03-31/functions/{}/invocations"


@dataclass
class Function:
    """Lambda with one function; `result` makes the bytes of its result of an event."""

    result: Callable[[Any], bytes] = field(default=lambda event: b'"unset"')
    headers: tuple[str, ...] = ()
    status: str = "200 OK"
    event: Any = None

    def reply(self, seen: Seen) -> bytes:
        self.event = json.loads(seen.body)
        body = self.result(self.event)
        lines = [f"HTTP/1.1 {self.status}", *self.headers, f"content-length: {len(body)}", "", ""]
        return "\r\n".join(lines).encode() + body


class Shared(tuple[Gateway, RecordingOrigin]):
    """One gateway for all tests, and its Lambda."""

    def __repr__(self) -> str:
        return "shared"


@contextmanager
def serving_lambda(folder: Path) -> Iterator[Shared]:
    """Routes `/1/…` and `/2/…` speak the formats, `/bare/…` and `/bare2/…` without the context of API Gateway;
    `/aws1/…` and `/aws2/…` call the route as API Gateway would."""
    with RecordingOrigin() as origin:
        known = {"functionName": "orders", "region": KEY.region, "endpoint": origin.url}
        keys = {"accessKeyId": KEY.key_id, "secretAccessKey": "$env(SECRET)"}
        ways: dict[str, dict[str, Any]] = {
            "1": {"useLambdaProxyIntegration": True, "binaryMediaTypes": ["image/*"]},
            "2": {"useLambdaProxyIntegration": True, "payloadFormatVersion": "2.0", "returnAmazonTraceIdHeader": True},
            "aws1": {"useLambdaProxyIntegration": True, "useAwsResourcePathStyle": True},
            "aws2": {
                "useLambdaProxyIntegration": True,
                "payloadFormatVersion": "2.0",
                "useAwsResourcePathStyle": True,
            },
            "bare": {},
            "bare2": {
                "payloadFormatVersion": "2.0",
                "functionName": "arn:aws:lambda:eu-west-1:123456789012:function:o:7",
            },
        }
        paths: dict[str, Any] = {
            f"/{way}/{{tenant}}/{{rest}}": {
                method: operation(handler("awsLambdaHandler", **{**known, **keys, **options}), outbound=["outbound"])
                for method in ("get", "head", "post", "put", "delete")
            }
            for way, options in ways.items()
        }
        for way in ("aws1", "aws2"):
            item = paths.pop(f"/{way}/{{tenant}}/{{rest}}")
            paths[f"/{way}/:tenant/:rest(.*)"] = {"x-zuplo-path": {"pathMode": "url-pattern"}, **item}
        outbound = policy("outbound", "remove-headers-outbound", "RemoveHeadersOutboundPolicy", headers=["x-internal"])
        project = write_project(folder / "project", paths, policies=[outbound])
        with signing(project, folder, origin=origin.url, keys=profile(KEY)) as signed:
            yield Shared((signed.gateway, origin))


def result(**members: Any) -> bytes:
    """Return what a function returns: a status, headers, a body."""
    return json.dumps(members).encode()
