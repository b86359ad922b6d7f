"""What a signature covers, as AWS writes it down.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote_to_bytes

if TYPE_CHECKING:
    from collections.abc import Sequence

Header = tuple[bytes, bytes]

UNSIGNED_PAYLOAD = "UNSIGNED-PAYLOAD"

_WHITE = "\t\v\f\r "
_RUN = re.compile(f"[{_WHITE}]*([{_WHITE}])")


@dataclass(frozen=True)
class SignedRequest:
    """A request as it arrived: `target` is path and query in their bytes, names of headers in lower case."""

    method: str
    target: bytes
    headers: Sequence[Header] = field(repr=False)
    body: bytes = field(default=b"", repr=False)

    def values(self, name: str) -> list[str]:
        wanted = name.encode()
        return [value.decode("latin-1") for key, value in self.headers if key == wanted]


def canonical_request(request: SignedRequest, signed: Sequence[str], payload: str) -> str:
    """Return the text whose hash is signed; `payload` is the hash of the body, or what stands for it."""
    path, _, query = request.target.partition(b"?")
    headers = "".join(f"{name}:{_joined(request.values(name))}\n" for name in signed)
    lines = (request.method, _path(path), _query(query), headers, ";".join(signed), payload)
    return "\n".join(lines)


def string_to_sign(algorithm: str, date: str, scope: str, canonical: str) -> bytes:
    digest = hashlib.sha256(canonical.encode("latin-1")).hexdigest()
    return f"{algorithm}\n{date}\n{scope}\n{digest}".encode("latin-1")


def _path(path: bytes) -> str:
    """Encode the path once more: what arrives is encoded already."""
    return quote(path or b"/", safe="/-_.~")


def _query(query: bytes) -> str:
    """Decode and encode each name and value anew, and sort them; a plus is a space."""
    fields = (part.partition(b"=") for part in query.split(b"&") if part)
    return "&".join(f"{name}={value}" for name, value in sorted((_encoded(n), _encoded(v)) for n, _, v in fields))


def _encoded(part: bytes) -> str:
    return quote(unquote_to_bytes(part.replace(b"+", b" ")), safe="-_.~")


def without_empty(headers: Sequence[Header]) -> list[Header]:
    """Leave out the fields without a value whose name is there with one too: they are not covered."""
    said = {name for name, value in headers if value.strip()}
    return [(name, value) for name, value in headers if value.strip() or name not in said]


def _joined(values: list[str]) -> str:
    """As Envoy does: a field without a value is no part of it."""
    return ",".join(filter(None, map(_trimmed, values)))


def _trimmed(value: str) -> str:
    """As Envoy does: of a run of white space the last character stays. A byte of UTF-8 is never white space."""
    return _RUN.sub(r"\1", value.strip(_WHITE))
