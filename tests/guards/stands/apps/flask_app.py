"""Flask with the guard, as a user would write it; tells which header names it sees."""

from __future__ import annotations

import os

from flask import Flask, request

from wicketgate_guard import SecretGuard, SecretGuardWSGI

app = Flask(__name__)
app.wsgi_app = SecretGuardWSGI(app.wsgi_app, SecretGuard(mode=os.environ["GUARD_MODE"]))  # type: ignore


@app.get("/<path:path>")
def tell(path: str) -> dict[str, object]:
    return {"names": [name for name, _ in request.headers], "verdict": request.environ["wicketgate.guard"]}
