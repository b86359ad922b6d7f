"""What the `Authorization` of a signed request says, and when it was made.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from wicketgate_guard._guard import Verdict

if TYPE_CHECKING:
    from wicketgate_guard._canonical import SignedRequest

_AUTHORIZATION = re.compile(
    r"(?P<algorithm>AWS4-[A-Z0-9-]+) Credential=(?P<key>[^/,\s]+)/(?P<scope>[!-+\--~]+), ?"
    r"SignedHeaders=(?P<signed>[a-z0-9!#$%&'*+.^_`|~;-]+), ?Signature=(?P<signature>[0-9a-f]+)"
)
KEY_ID = re.compile(r"[!-+\--.0-~]+")
"""A key id that such a header can carry."""
DATE = re.compile(r"\d{8}T\d{6}Z")


@dataclass(frozen=True)
class Claim:
    """By whom, for what, and over which headers a request says that it is signed."""

    algorithm: str
    key: str
    scope: str
    signed: tuple[str, ...]
    signature: str


def claimed(request: SignedRequest) -> Claim | Verdict:
    values = request.values("authorization")
    if len(values) != 1:
        return Verdict.DUPLICATE if values else Verdict.MISSING
    match = _AUTHORIZATION.fullmatch(values[0])
    if match is None:
        return Verdict.MISSING
    signed = tuple(match["signed"].split(";"))
    return Claim(match["algorithm"], match["key"], match["scope"], signed, match["signature"])


def made(date: str) -> float:
    """Return an `x-amz-date` as unix seconds. Raises `ValueError` for a day that there is not."""
    return datetime.datetime.strptime(date, "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.timezone.utc).timestamp()
