"""The signature guard as WSGI middleware: what its head proves is read, checked, and handed on."""

from __future__ import annotations

import hashlib
import io
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from wicketgate_guard import _problem
from wicketgate_guard._authorization import claimed
from wicketgate_guard._canonical import SignedRequest
from wicketgate_guard._guard import Verdict
from wicketgate_guard._once import check_needs_no_loop

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from wicketgate_guard._canonical import Header
    from wicketgate_guard._signature_guard import SignatureGuard

    Environ = dict[str, Any]


class SignatureGuardWSGI:
    """Lets a request through when the guard accepts it.

    WSGI knows the path decoded only. A server that has it as it came (`RAW_URI`, `REQUEST_URI`) is asked; elsewhere it
    is encoded anew, and a path that was written in another way is refused.

    Repeated fields reach WSGI in one piece. They are signed with a comma and no space between them, without those that
    are empty: gunicorn, werkzeug and wsgiref join them in this way. waitress puts a space behind the comma, so there a
    request with a repeated field is refused, as it is everywhere when one of the fields is empty.

    wsgiref, and so Django's `runserver`, says `text/plain` where a request has no `Content-Type`. The application does
    not see it unless it is signed. It finds the verdict in `environ["wicketgate.guard"]`.

    Raises:
        GuardConfigurationError: the guard has an asynchronous replay store.
    """

    def __init__(self, app: Callable[..., Iterable[bytes]], guard: SignatureGuard) -> None:
        check_needs_no_loop(guard)
        self._app = app
        self._guard = guard

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        path = environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")
        request, proven = _request(environ, path)
        verdict, body = self._judged(request, environ)
        environ["wicketgate.guard"] = verdict.value
        if self._guard.admits(verdict, path=path):
            seen = proven if verdict is Verdict.ACCEPTED else environ
            return self._app({**seen, "wicketgate.guard": verdict.value, "wsgi.input": body}, start_response)
        answer = _problem.unauthorized(path.encode("latin-1"))
        start_response("401 Unauthorized", _problem.headers(answer))
        return [b"" if environ["REQUEST_METHOD"] == "HEAD" else answer]

    def _judged(self, request: SignedRequest, environ: Environ) -> tuple[Verdict, Any]:
        """Return the verdict, and what gives the application the body."""
        proved, rest = self._guard.judge(request), environ.get("wsgi.input")
        if isinstance(proved, Verdict):
            return proved, rest
        if proved.payload is None:
            return self._guard.noted(proved), rest
        limit = self._guard.body_limit
        body = _read(environ, limit)
        if len(body) > limit:
            return Verdict.TOO_LARGE, _both(body, rest)
        if not proved.covers(hashlib.sha256(body).hexdigest()):
            return Verdict.MISMATCH, _both(body, rest)
        verdict = self._guard.noted(proved)
        # What was checked is all that the application gets; one that is let through unchecked gets the rest too.
        return verdict, io.BytesIO(body) if verdict is Verdict.ACCEPTED else _both(body, rest)


def _request(environ: Environ, path: str) -> tuple[SignedRequest, Environ]:
    """Return the request, and the environment without what the server has made up."""
    request = SignedRequest(environ["REQUEST_METHOD"], _target(environ, path), list(_headers(environ)))
    if environ.get("CONTENT_TYPE") != "text/plain":
        return request, environ
    claim = claimed(request)
    if isinstance(claim, Verdict) or "content-type" in claim.signed:
        return request, environ
    proven = {key: value for key, value in environ.items() if key != "CONTENT_TYPE"}
    return SignedRequest(request.method, request.target, list(_headers(proven))), proven


def _target(environ: Environ, path: str) -> bytes:
    raw = environ.get("RAW_URI") or environ.get("REQUEST_URI")
    if isinstance(raw, str) and raw.startswith("/"):
        return raw.encode("latin-1")
    query = environ.get("QUERY_STRING", "")
    encoded = quote(path.encode("latin-1"), safe="/-_.~")
    return (encoded + (f"?{query}" if query else "")).encode("latin-1")


def _headers(environ: Environ) -> Iterable[Header]:
    for key, value in environ.items():
        if key.startswith("HTTP_"):
            yield key[5:].lower().replace("_", "-").encode(), value.encode("latin-1")
    for key in ("CONTENT_TYPE", "CONTENT_LENGTH"):
        if environ.get(key):
            yield key.lower().replace("_", "-").encode(), environ[key].encode("latin-1")


def _read(environ: Environ, limit: int) -> bytes:
    """Read up to a byte more than the limit: to the end of the body, where the server marks it, else by its length."""
    rest = limit + 1 if environ.get("wsgi.input_terminated") else min(_length(environ), limit + 1)
    parts = []
    while rest > 0 and (part := environ["wsgi.input"].read(rest)):
        parts.append(part)
        rest -= len(part)
    return b"".join(parts)


def _length(environ: Environ) -> int:
    text = environ.get("CONTENT_LENGTH") or "0"
    return int(text) if text.isdecimal() else 0


def _both(read: bytes, rest: Any) -> Any:
    return io.BufferedReader(_Both(read, rest))


class _Both(io.RawIOBase):
    """What was read, and then the rest."""

    def __init__(self, read: bytes, rest: Any) -> None:
        self._read = io.BytesIO(read)
        self._rest = rest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._read.read(len(buffer)) or self._rest.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)
