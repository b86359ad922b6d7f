"""Django with the guard under ASGI and WSGI; tells which header names it sees."""

from __future__ import annotations

import os

from django.conf import settings
from django.core.asgi import get_asgi_application
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, JsonResponse
from django.urls import re_path

from wicketgate_guard import SecretGuard, SecretGuardASGI, SecretGuardWSGI

settings.configure(SECRET_KEY="signs nothing here", ALLOWED_HOSTS=["*"], ROOT_URLCONF=__name__)


def tell(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"names": list(request.headers)})


urlpatterns = [re_path("", tell)]

_guard = SecretGuard(mode=os.environ["GUARD_MODE"])  # type: ignore[arg-type]
asgi = SecretGuardASGI(get_asgi_application(), _guard)
wsgi = SecretGuardWSGI(get_wsgi_application(), _guard)
