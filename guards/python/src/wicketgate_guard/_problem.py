"""The body of a refusal: RFC 9457 problem details in the shape the gateway uses."""

from __future__ import annotations

import json
from urllib.parse import quote

CONTENT_TYPE = "application/problem+json"

# One sentence for every reason: a caller learns nothing about how close the guess was.
_DETAIL = "This origin answers its gateway only. Send the request through the gateway."


def unauthorized(path: str | bytes) -> bytes:
    """JSON of a 401 problem; `path` is the decoded request path and becomes the `instance`."""
    problem = {
        "type": "https://httpproblems.com/http-status/401",
        "title": "Unauthorized",
        "status": 401,
        "detail": _DETAIL,
        "instance": quote(path, safe="/:@!$&'()*+,;=~"),
    }
    return json.dumps(problem).encode()


def headers(body: bytes) -> list[tuple[str, str]]:
    """Header fields of the refusal; it must not be stored, or a cache would go on refusing."""
    return [
        ("content-type", CONTENT_TYPE),
        ("content-length", str(len(body))),
        ("cache-control", "no-store"),
    ]
