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

from wicketgate_guard import SignatureGuard, SignatureGuardASGI, SignatureGuardWSGI

_guard = SignatureGuard(secrets={"gateway": Path(os.environ["BACKEND_SECRET_FILE"]).read_text().strip()})

fastapi_app = FastAPI()
fastapi_app.add_middleware(SignatureGuardASGI, guard=_guard)


@fastapi_app.post("/{path:path}")
async def tell(path: str, request: Request) -> dict[str, Any]:
    return {"path": path, "query": dict(request.query_params), "body": await request.json()}


flask_app = flask.Flask(__name__)
flask_app.wsgi_app = SignatureGuardWSGI(flask_app.wsgi_app, _guard)  # type: ignore[method-assign]


@flask_app.post("/<path:path>")
def say(path: str) -> dict[str, Any]:
    return {"path": path, "query": flask.request.args.to_dict(), "body": flask.request.get_json()}


settings.configure(SECRET_KEY="signs nothing here", ALLOWED_HOSTS=["*"], ROOT_URLCONF=__name__)


def report(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"path": request.path[1:], "query": request.GET.dict(), "body": json.loads(request.body)})


urlpatterns = [re_path("", report)]
django_asgi = SignatureGuardASGI(get_asgi_application(), _guard)
django_wsgi = SignatureGuardWSGI(get_wsgi_application(), _guard)
