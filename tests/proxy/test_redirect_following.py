"""`followRedirects`: to the same origin and nowhere else, and no way in for callers (threat D7)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.proxy.conftest import Serve, forward
from tests.proxy.test_secret_header import GENUINE, SECRET
from tests.support.gateway import Gateway
from tests.support.origin import OK, RecordingOrigin, Seen


def _redirecting(origin: RecordingOrigin, to: str, status: int = 302) -> Callable[[Seen], bytes]:
    def reply(seen: Seen) -> bytes:
        if seen.target.startswith("/new"):
            return OK
        return f"HTTP/1.1 {status} Moved\r\nlocation: {to}\r\ncontent-length: 0\r\n\r\n".encode()

    return reply


def _serve(serve: Serve, *, follow: bool = True) -> Gateway:
    get = forward(inbound=["secret"], followRedirects=follow)
    return serve({"/old": {"get": get}, "/new": {"get": forward()}}, policies=[SECRET])


def test_a_relative_redirect_goes_back_to_the_caller(serve: Serve, origin: RecordingOrigin) -> None:
    """Envoy follows absolute URLs only."""
    origin.reply = _redirecting(origin, "/new/place")
    answer = _serve(serve).get("/old")
    assert (answer.status, answer.one("location")) == (302, "/new/place")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_within_the_origin_is_followed(serve: Serve, origin: RecordingOrigin, status: int) -> None:
    origin.reply = _redirecting(origin, f"{origin.url}/new/place?x=1", status)
    answer = _serve(serve).get("/old")
    assert (answer.status, answer.body) == (200, b"ok")
    assert [seen.target for seen in origin.seen] == ["/old", "/new/place?x=1"]
    assert origin.last.all("backend-secret") == GENUINE


def test_it_is_off_unless_asked_for(serve: Serve, origin: RecordingOrigin) -> None:
    origin.reply = _redirecting(origin, f"{origin.url}/new")
    assert _serve(serve, follow=False).get("/old").status == 302
    assert len(origin.seen) == 1


def test_a_redirect_elsewhere_goes_back_to_the_caller(serve: Serve, origin: RecordingOrigin) -> None:
    with RecordingOrigin() as other:
        gateway = _serve(serve)
        for place in (f"{other.url}/new", "http://gateway/new", "http://evil.example/new", "//evil.example/new"):
            origin.reply = _redirecting(origin, place)
            answer = gateway.get("/old")
            assert (answer.status, answer.one("location")) == (302, place)
        assert other.seen == []
    assert {seen.target for seen in origin.seen} == {"/old"}


def test_a_loop_ends(serve: Serve, origin: RecordingOrigin) -> None:
    origin.reply = _redirecting(origin, f"{origin.url}/old")
    assert _serve(serve).get("/old").status == 302
    assert len(origin.seen) == 6


@pytest.mark.parametrize("mark", ["x-wicketgate-redirect: GET /old", "X-Wicketgate-Redirect: GET /old"])
def test_a_caller_cannot_enter_by_the_twin(serve: Serve, origin: RecordingOrigin, mark: str) -> None:
    gateway = _serve(serve)
    authority = origin.url.removeprefix("http://")
    assert gateway.get("/admin", f"host: {authority}", mark).status == 404
    assert origin.seen == []


def test_the_origin_is_not_told_the_callers_url(serve: Serve, origin: RecordingOrigin) -> None:
    origin.reply = _redirecting(origin, f"{origin.url}/new")
    assert _serve(serve).get("/old?token=1").status == 200
    assert origin.last.all("x-envoy-original-url") == []


def test_a_redirected_post_goes_back_to_the_caller(serve: Serve, origin: RecordingOrigin) -> None:
    """Envoy would send a GET with the body of the POST."""
    origin.reply = _redirecting(origin, f"{origin.url}/new", 303)
    gateway = serve({"/old": {"post": forward(followRedirects=True)}})
    assert gateway.get("/old", method="POST", body=b"x").status == 303
    assert len(origin.seen) == 1
