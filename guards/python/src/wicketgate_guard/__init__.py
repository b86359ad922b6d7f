"""The origin's half of the shared-secret proof: lets in the gateway and nobody else.

Wrap the application once, at start::

    guard = SecretGuard()  # BACKEND_SECRET_FILE, or BACKEND_SECRET and BACKEND_SECRET_NEXT
    app = SecretGuardASGI(app, guard)  # FastAPI, Starlette, Django (ASGI), ...
    application = SecretGuardWSGI(application, guard)  # Flask, Django (WSGI), ...

A guard without a usable secret cannot be made: the constructor raises :class:`GuardConfigurationError`.
"""

from __future__ import annotations

from wicketgate_guard._asgi import SecretGuardASGI
from wicketgate_guard._guard import Mode, SecretGuard, Verdict
from wicketgate_guard._sources import MINIMUM_SECRET_BYTES, GuardConfigurationError
from wicketgate_guard._wsgi import SecretGuardWSGI

__all__ = [
    "MINIMUM_SECRET_BYTES",
    "GuardConfigurationError",
    "Mode",
    "SecretGuard",
    "SecretGuardASGI",
    "SecretGuardWSGI",
    "Verdict",
]
