"""The control API on `control.sock`, which the CLI talks to: `POST /reload`, `GET /status`, `GET /credentials`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import asdict

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from wicketgate.control.live import Attempt, Live
from wicketgate.control.readiness import Readiness
from wicketgate.diagnostics import Diagnostic
from wicketgate.json_types import JsonObject


def control_app(
    live: Live,
    *,
    reload: Callable[[], Awaitable[Attempt]],
    ready: Callable[[], Awaitable[Readiness]],
    certificates: Callable[[], list[JsonObject]],
    credentials: Callable[[], list[JsonObject]],
) -> Starlette:
    """Return the app. Whoever can open the socket, the owner alone, may use it."""

    async def do_reload(_: Request) -> Response:
        attempt = await reload()
        return JSONResponse(attempt_message(attempt), status_code=200 if attempt.ok else 409)

    async def status(_: Request) -> Response:
        found = await ready()
        last = attempt_message(live.last) if live.last else None
        facts = {"version": live.version, "since": live.since, "last": last, "certificates": certificates()}
        return JSONResponse({**facts, **found.message()})

    async def show_credentials(_: Request) -> Response:
        return JSONResponse({"credentials": credentials()})

    return Starlette(
        routes=[
            Route("/reload", do_reload, methods=["POST"]),
            Route("/status", status),
            Route("/credentials", show_credentials),
        ]
    )


def attempt_message(attempt: Attempt) -> JsonObject:
    """Return an attempt as JSON; each diagnostic has file, line, column, code, message, hint, severity."""
    return {
        "ok": attempt.ok,
        "changed": attempt.changed,
        "version": attempt.version,
        "message": attempt.message,
        "hint": attempt.hint,
        "seconds": round(attempt.seconds, 4),
        "at": attempt.at,
        "diagnostics": [_diagnostic(item) for item in attempt.diagnostics],
    }


def _diagnostic(item: Diagnostic) -> JsonObject:
    fields = asdict(item)
    return {**fields.pop("span"), **fields}
