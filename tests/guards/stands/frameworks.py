"""The middlewares inside real frameworks and servers, each in a process of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.guards.stands.base import free_port, running
from wicketgate.guards import Mode

_APPS = Path(__file__).with_name("apps")
_REPOSITORY = Path(__file__).parents[3]
_EXPRESS = _REPOSITORY / "guards" / "express"
_NPM_SECONDS = 180


@dataclass(frozen=True, slots=True)
class Framework:
    """How to serve one guarded application on a port; its secrets are in `BACKEND_SECRET_FILE`."""

    name: str
    command: Callable[[Path, int], Sequence[str]]
    prefix: str = ""
    """Where the application is, as it is asked for."""
    environ: Mapping[str, str] = field(default_factory=dict)
    """What else the application reads at its start."""

    @contextmanager
    def __call__(self, folder: Path, *, mode: Mode, secrets: Sequence[str] | None) -> Iterator[int]:
        secret_file = folder / "guard-secret"
        if secrets is not None:
            secret_file.write_text("".join(f"{secret}\n" for secret in secrets))
        port = free_port()
        environ = {
            "PATH": os.environ["PATH"],
            "BACKEND_SECRET_FILE": str(secret_file),
            "GUARD_MODE": mode,
            "PORT": str(port),
            **self.environ,
        }
        with running(self.command(folder, port), port=port, folder=folder, environ=environ):
            yield port


def _uvicorn(application: str, *more: str) -> Callable[[Path, int], Sequence[str]]:
    options = ["--app-dir", str(_APPS), "--host", "127.0.0.1", "--log-level", "warning", *more]
    return lambda _, port: [sys.executable, "-m", "uvicorn", application, *options, "--port", str(port)]


def _hypercorn(application: str, *more: str) -> Callable[[Path, int], Sequence[str]]:
    start = f"import sys; sys.path.insert(0, {str(_APPS)!r}); from hypercorn.__main__ import main; main()"
    return lambda _, port: [sys.executable, "-c", start, application, "--bind", f"127.0.0.1:{port}", *more]


def _wsgiref(application: str) -> Callable[[Path, int], Sequence[str]]:
    """What Django's `runserver` is made of."""
    start = f"import sys; sys.path.insert(0, {str(_APPS)!r}); from {application} as app; "
    serve = "from wsgiref.simple_server import make_server as m; m('127.0.0.1', int(sys.argv[1]), app).serve_forever()"
    return lambda _, port: [sys.executable, "-c", start + serve, str(port)]


def _waitress(application: str) -> Callable[[Path, int], Sequence[str]]:
    start = f"import sys, waitress; sys.path.insert(0, {str(_APPS)!r}); from {application} as app; "
    serve = "waitress.serve(app, host='127.0.0.1', port=int(sys.argv[1]))"
    return lambda _, port: [sys.executable, "-c", start + serve, str(port)]


def express_folder(base: Path) -> Path:
    """A copy of the package under `base` with its locked development dependencies installed, made once."""
    folder = base / "express-guard"
    if not folder.exists():
        shutil.copytree(_EXPRESS, folder, ignore=shutil.ignore_patterns("node_modules"))
        shutil.copy(_APPS / "express_app.js", folder)
        command = ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
        subprocess.run(command, cwd=folder, check=True, timeout=_NPM_SECONDS, capture_output=True)
    return folder


def _express(folder: Path, _: int) -> Sequence[str]:
    return ["node", str(express_folder(folder.parent) / "express_app.js")]


FRAMEWORKS = (
    Framework("django-asgi", _uvicorn("django_app:asgi")),
    Framework("django-wsgi", _waitress("django_app import wsgi")),
    Framework("express", _express),
    Framework("fastapi", _uvicorn("fastapi_app:app")),
    Framework("flask", _waitress("flask_app import app")),
)

SIGNED = (
    Framework("django-asgi", _uvicorn("signed_apps:django_asgi")),
    Framework("django-wsgi", _waitress("signed_apps import django_wsgi")),
    Framework("fastapi", _uvicorn("signed_apps:fastapi_app")),
    Framework("fastapi-hypercorn", _hypercorn("signed_apps:fastapi_app")),
    Framework("flask", _waitress("signed_apps import flask_app")),
)
"""The same behind the guard of signed requests."""

PLACED = (
    Framework("uvicorn-root-path", _uvicorn("signed_apps:rooted_app", "--root-path", "/api")),
    Framework("hypercorn-root-path", _hypercorn("signed_apps:fastapi_app", "--root-path", "/api"), "/api"),
    Framework("fastapi-root-path", _uvicorn("signed_apps:proxied_app")),
    Framework("starlette-mount", _uvicorn("signed_apps:mounting_app"), "/api"),
    Framework("waitress-mount", _waitress("signed_apps import mounting_flask"), "/api"),
    Framework("wsgiref-mount", _wsgiref("signed_apps import mounting_flask"), "/api"),
)
"""Behind it too, in places that servers and frameworks speak of in different ways."""

TOKENS = (
    Framework("fastapi-uvicorn", _uvicorn("token_apps:fastapi_app")),
    Framework("fastapi-hypercorn", _hypercorn("token_apps:fastapi_app")),
    Framework("flask-waitress", _waitress("token_apps import flask_app")),
    Framework("flask-wsgiref", _wsgiref("token_apps import flask_app")),
)
"""Behind the guard of tokens; `ISSUER` in the environment is the issuer's URL."""

ONCE = (
    Framework("once-uvicorn", _uvicorn("token_apps:once_app")),
    Framework("once-hypercorn", _hypercorn("token_apps:once_app")),
)
"""The same where each token counts once, by a store that is awaited."""
