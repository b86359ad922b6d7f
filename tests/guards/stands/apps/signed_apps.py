"""Real frameworks behind the signature guard, as a user would write them; each says what it was sent."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import flask
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, JsonResponse
from django.urls import re_path
from fastapi import FastAPI, Request
from starlette.applications import Starlette
from starlette.routing import Mount
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from wicketgate_guard import SignatureGuard, SignatureGuardASGI, SignatureGuardWSGI

_guard = SignatureGuard(secrets={"gateway": Path(os.environ["BACKEND_SECRET_FILE"]).read_text().strip()})


def _telling(guard_options: dict[str, str], **options: str) -> FastAPI:
    app = FastAPI(**options)  # type: ignore[arg-type]
    app.add_middleware(SignatureGuardASGI, guard=_guard, **guard_options)

    @app.post("/{path:path}")
    async def tell(path: str, request: Request) -> dict[str, Any]:
        return {"path": path, "query": dict(request.query_params), "body": await request.json()}

    return app


fastapi_app = _telling({})
rooted_app = _telling({"root_path": "/api"})
"""For uvicorn with `--root-path /api`."""
proxied_app = _telling({}, root_path="/api")
"""As FastAPI is told of a proxy that strips a prefix: no server puts it back."""
mounting_app = Starlette(routes=[Mount("/api", fastapi_app)])

flask_app = flask.Flask(__name__)
flask_app.wsgi_app = SignatureGuardWSGI(flask_app.wsgi_app, _guard)  # type: ignore[method-assign]


@flask_app.post("/<path:path>")
def say(path: str) -> dict[str, Any]:
    return {"path": path, "query": flask.request.args.to_dict(), "body": flask.request.get_json()}


mounting_flask = DispatcherMiddleware(flask_app, {"/api": flask_app})

settings.configure(SECRET_KEY="signs nothing here", ALLOWED_HOSTS=["*"], ROOT_URLCONF=__name__)


def report(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"path": request.path[1:], "query": request.GET.dict(), "body": json.loads(request.body)})


urlpatterns = [re_path("", report)]
django_asgi = SignatureGuardASGI(get_asgi_application(), _guard)
django_wsgi = SignatureGuardWSGI(get_wsgi_application(), _guard)
