"""The origin's half of the proofs: lets in the gateway and nobody else.

Wrap the application once, at start::

    guard = SecretGuard()  # BACKEND_SECRET_FILE, or BACKEND_SECRET and BACKEND_SECRET_NEXT
    app = SecretGuardASGI(app, guard)  # FastAPI, Starlette, Django (ASGI), ...
    application = SecretGuardWSGI(application, guard)  # Flask, Django (WSGI), ...

The same for the gateway's own tokens, with ``wicketgate-guard[token]``::

    guard = TokenGuard(issuer="https://gateway.example.com/__zuplo/issuer", audience="orders")
    app = TokenGuardASGI(app, guard)

The same for requests that the gateway signs::

    guard = SignatureGuard(secrets={"gateway": os.environ["ORDERS_SIGNING_SECRET"]})
    app = SignatureGuardASGI(app, guard)

A guard without a usable secret cannot be made: the constructor raises :class:`GuardConfigurationError`.
"""

from __future__ import annotations

from wicketgate_guard._asgi import SecretGuardASGI, TokenGuardASGI
from wicketgate_guard._errors import GuardConfigurationError
from wicketgate_guard._guard import Mode, SecretGuard, Verdict
from wicketgate_guard._replay import AsyncReplayStore, MemoryReplayStore, ReplayStore, ReplayStoreFull
from wicketgate_guard._signature_asgi import SignatureGuardASGI
from wicketgate_guard._signature_guard import SignatureGuard
from wicketgate_guard._signature_wsgi import SignatureGuardWSGI
from wicketgate_guard._sources import MINIMUM_SECRET_BYTES
from wicketgate_guard._token_guard import TokenGuard
from wicketgate_guard._wsgi import SecretGuardWSGI, TokenGuardWSGI

__all__ = [
    "MINIMUM_SECRET_BYTES",
    "AsyncReplayStore",
    "GuardConfigurationError",
    "MemoryReplayStore",
    "Mode",
    "ReplayStore",
    "ReplayStoreFull",
    "SecretGuard",
    "SecretGuardASGI",
    "SecretGuardWSGI",
    "SignatureGuard",
    "SignatureGuardASGI",
    "SignatureGuardWSGI",
    "TokenGuard",
    "TokenGuardASGI",
    "TokenGuardWSGI",
    "Verdict",
]
