"""Where AWS gives a machine its keys, as its public pages describe it: nothing without a session (IMDSv2).

Sources: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-instance-metadata-service.html ,
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-metadata-security-credentials.html and
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-iam-roles.html
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.providers.their_clock import dated
from tests.support.origin import Seen

ROLE = "gateway-role"
POD = "/v1/credentials"
TASK = "/v2/credentials/7a5a1a2b"
_ROLES = "/latest/meta-data/iam/security-credentials/"


def raw(status: int, body: str, *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status} X", "content-type: text/plain", f"content-length: {len(body)}", *headers]
    return "\r\n".join([*lines, "", body]).encode()


def found(*, skew: float = 0.0, **changed: Any) -> dict[str, Any]:
    ends = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + skew + 6 * 3600))
    keys = {"AccessKeyId": "ASIAMACHINE", "SecretAccessKey": "of-the-machine", "Token": "for-hours", "Expiration": ends}
    return {"Code": "Success", "LastUpdated": "2026-11-24T00:00:00Z", "Type": "AWS-HMAC", **keys, **changed}


@dataclass
class Metadata:
    """`keys` gives the document of the keys; `pod_token` is what the endpoint of a container demands; its clock is
    `skew` seconds ahead of ours."""

    role: str = ROLE
    keys: Callable[[], dict[str, Any]] = found
    pod_token: str = ""
    skew: float = 0.0
    sessions: set[str] = field(default_factory=set)

    def __call__(self, seen: Seen) -> bytes:
        if seen.target == "/latest/api/token":
            return self._session(seen)
        if seen.target in (POD, TASK):
            return self._container(seen)
        if seen.all("x-aws-ec2-metadata-token") == [] or seen.one("x-aws-ec2-metadata-token") not in self.sessions:
            return raw(401, "<?xml version='1.0'?><html><title>401 - Unauthorized</title></html>")
        if seen.method != "GET":
            return raw(405, "")
        if seen.target == _ROLES and self.role:
            return raw(200, self.role)
        if seen.target == f"{_ROLES}{self.role}" and self.role:
            return raw(200, json.dumps(self.keys()), dated(self.skew))
        return raw(404, "<?xml version='1.0'?><html><title>404 - Not Found</title></html>")

    def _session(self, seen: Seen) -> bytes:
        wanted = seen.all("x-aws-ec2-metadata-token-ttl-seconds")
        if seen.all("x-forwarded-for"):
            return raw(403, "")
        if seen.method != "PUT" or len(wanted) != 1 or not wanted[0].isdecimal() or not 1 <= int(wanted[0]) <= 21600:
            return raw(400, "<?xml version='1.0'?><html><title>400 - Bad Request</title></html>")
        session = secrets.token_urlsafe(40)
        self.sessions.add(session)
        return raw(200, session)

    def _container(self, seen: Seen) -> bytes:
        if seen.all("authorization") != ([self.pod_token] if self.pod_token else []):
            return raw(401, json.dumps({"code": "AccessDenied", "message": f"not with {seen.all('authorization')}"}))
        keys = self.keys()
        shown = {name: keys[name] for name in keys if name not in ("Code", "LastUpdated", "Type")}
        return raw(200, json.dumps(shown), dated(self.skew))
