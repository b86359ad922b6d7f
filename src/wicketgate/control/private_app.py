"""The private listener: `/metrics`, `/healthz`, `/readyz`, and what the private authority publishes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from prometheus_client import CONTENT_TYPE_LATEST
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from wicketgate.certificates import Authorities
from wicketgate.control.envoy_admin import EnvoyAdmin
from wicketgate.control.metrics import Metrics
from wicketgate.control.readiness import Readiness


def private_app(
    metrics: Metrics,
    admin: EnvoyAdmin,
    ready: Callable[[], Awaitable[Readiness]],
    *,
    published: Callable[[], Awaitable[Authorities | None]],
) -> Starlette:
    """Return the app. It tells no secrets, yet more than callers should know."""

    async def show_metrics(_: Request) -> Response:
        try:
            envoys = await admin.prometheus()
        except OSError:
            envoys = b""
        return Response(metrics.render() + envoys, media_type=CONTENT_TYPE_LATEST)

    async def health(_: Request) -> Response:
        return PlainTextResponse("ok\n")

    async def readyz(_: Request) -> Response:
        found = await ready()
        return JSONResponse(found.message(), status_code=200 if found.ready else 503)

    async def roots(_: Request) -> Response:
        found = await published()
        return _pem(found.chain if found else "")

    async def revoked(_: Request) -> Response:
        found = await published()
        return _pem(found.revoked if found else "")

    return Starlette(
        routes=[
            Route("/metrics", show_metrics),
            Route("/healthz", health),
            Route("/readyz", readyz),
            Route("/ca/bundle.pem", roots),
            Route("/ca/crl.pem", revoked),
        ]
    )


def _pem(text: str) -> Response:
    if not text:
        return PlainTextResponse("there is no private authority: make it with `wicket ca init`\n", status_code=404)
    return Response(text, media_type="application/x-pem-file")
