"""The guard as WSGI middleware (PEP 3333)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Union

from wicketgate_guard import _problem
from wicketgate_guard._once import check_needs_no_loop

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from wicketgate_guard._guard import SecretGuard
    from wicketgate_guard._token_guard import TokenGuard

    Guard = Union[SecretGuard, TokenGuard]
    Environ = dict[str, Any]
    StartResponse = Callable[..., Any]
    Application = Callable[[Environ, StartResponse], Iterable[bytes]]


class GuardWSGI:
    """Lets a request through when the guard accepts it.

    The application sees no header of that name. It finds the verdict in `environ["wicketgate.guard"]`,
    a :class:`Verdict` value as text.

    A WSGI environment has one key for all spellings of a name, so a server that keeps names with underscores
    shows `backend_secret` here as if it were the header (gunicorn and waitress drop such names by default).
    Repeated fields reach WSGI joined with a comma. Joined values equal no secret and are no token, so they are
    refused too.

    Raises:
        GuardConfigurationError: the guard has an asynchronous replay store.
    """

    def __init__(self, app: Application, guard: Guard) -> None:
        check_needs_no_loop(guard)
        self._app = app
        self._guard = guard
        self._key = "HTTP_" + guard.header.decode().upper().replace("-", "_")

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        path = environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")
        value = environ.pop(self._key, None)
        # PEP 3333: header text is latin-1, whatever the bytes meant.
        verdict = self._guard.check([] if value is None else [value.encode("latin-1")])
        environ["wicketgate.guard"] = verdict.value
        if self._guard.admits(verdict, path=path):
            return self._app(environ, start_response)
        body = _problem.unauthorized(path.encode("latin-1"))
        start_response("401 Unauthorized", _problem.headers(body))
        # Not every server drops the body of an answer to HEAD.
        return [b"" if environ["REQUEST_METHOD"] == "HEAD" else body]


class SecretGuardWSGI(GuardWSGI):
    """The middleware with a :class:`SecretGuard`."""


class TokenGuardWSGI(GuardWSGI):
    """The middleware with a :class:`TokenGuard`."""
