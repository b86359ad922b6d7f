"""CORS as the reference does it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.proxy.conftest import Serve, forward
from tests.support.origin import OK, RecordingOrigin

APP: dict[str, Any] = {
    "name": "app",
    "allowedOrigins": "https://App.example.com, https://*.dev.example.com",
    "allowedMethods": ["GET", "POST"],
    "allowedHeaders": ["x-team"],
    "exposeHeaders": ["x-count"],
    "maxAge": 300,
    "allowCredentials": True,
}


@pytest.fixture
def gateway(serve: Serve) -> Any:
    paths = {
        "/app": {"get": forward(cors="app"), "post": forward(cors="app")},
        "/any": {"put": forward(cors="anything-goes")},
        "/none": {"get": forward()},
    }
    return serve(paths, cors=[APP])


def _preflight(gateway: Any, path: str, origin: str | None, method: str | None) -> Any:
    headers = [f"origin: {origin}"] if origin else []
    headers += [f"access-control-request-method: {method}"] if method else []
    return gateway.get(path, *headers, method="OPTIONS")


@pytest.mark.parametrize("site", ["https://app.example.com", "https://APP.example.com", "https://x.dev.example.com"])
def test_preflight_that_fits(gateway: Any, site: str) -> None:
    answer = _preflight(gateway, "/app", site, "POST")
    assert answer.status == 200
    assert answer.one("access-control-allow-origin") == site
    assert answer.one("access-control-allow-methods") == "GET, POST"
    assert answer.one("access-control-allow-headers") == "x-team"
    assert answer.one("access-control-max-age") == "300"
    assert answer.one("access-control-allow-credentials") == "true"


@pytest.mark.parametrize(
    ("path", "site", "method", "status"),
    [
        ("/app", "https://evil.example", "GET", 404),
        ("/app", "https://a.b.dev.example.com", "GET", 404),
        ("/app", "https://app.example.com.evil.example", "GET", 404),
        ("/app", "https://app.example.com/", "GET", 404),
        ("/app", "https://app.example.com", "DELETE", 404),
        ("/none", "https://app.example.com", "GET", 404),
        ("/unknown", "https://app.example.com", "GET", 404),
        ("/app", None, "GET", 400),
        ("/app", "https://app.example.com", None, 400),
        ("/app", None, None, 400),
    ],
)
def test_preflight_that_does_not_fit(
    gateway: Any, path: str, site: str | None, method: str | None, status: int
) -> None:
    answer = _preflight(gateway, path, site, method)
    assert answer.status == status
    assert answer.all("access-control-allow-origin") == []


def test_anything_goes(gateway: Any) -> None:
    answer = _preflight(gateway, "/any", "https://some.example", "PUT")
    assert answer.status == 200
    assert answer.one("access-control-allow-origin") == "https://some.example"
    assert answer.one("access-control-allow-methods") == "PUT"
    assert answer.one("access-control-max-age") == "600"


def test_the_origins_own_cors_headers_are_dropped(gateway: Any, origin: RecordingOrigin) -> None:
    own = b"\r\naccess-control-allow-origin: *\r\naccess-control-expose-headers: x-own\r\n\r\n"
    origin.reply = lambda seen: OK.replace(b"\r\n\r\n", own)
    answer = gateway.get("/app", "origin: https://app.example.com")
    assert answer.all("access-control-allow-origin") == ["https://app.example.com"]
    assert answer.all("access-control-expose-headers") == ["x-count"]
    for path, who in (("/none", "https://app.example.com"), ("/app", "https://evil.example")):
        assert gateway.get(path, f"origin: {who}").all("access-control-allow-origin") == []
