"""Errors made by the gateway are problems (RFC 9457) with the request id; errors of the origin pass as they are."""

from __future__ import annotations

import pytest

from tests.proxy.conftest import Serve, forward
from tests.support.envoy import secret_file
from tests.support.gateway import Answer
from tests.support.origin import RecordingOrigin


def _check(answer: Answer, status: int, title: str, path: str) -> None:
    problem = answer.json()
    assert answer.status == status
    assert answer.one("content-type") == "application/problem+json"
    assert problem["type"] == f"https://httpproblems.com/http-status/{status}"
    assert (problem["status"], problem["title"], problem["instance"]) == (status, title, path)
    assert problem["trace"]["requestId"] == answer.one("zp-rid")
    assert problem["trace"]["timestamp"].endswith("Z")


def test_unknown_path_and_other_method_are_404(serve: Serve) -> None:
    gateway = serve({"/x": {"get": forward()}})
    _check(gateway.get("/nope?secret=1"), 404, "Not Found", "/nope")
    _check(gateway.get("/x", method="POST"), 404, "Not Found", "/x")
    assert gateway.get("/nope").json()["trace"]["buildId"]


@pytest.mark.parametrize("method", ["TRACE", "TRACK", "PROPFIND", "FOO"])
def test_methods_outside_the_set_are_501(serve: Serve, origin: RecordingOrigin, method: str) -> None:
    gateway = serve({"/x": {"get": forward()}})
    _check(gateway.get("/x", method=method), 501, "Not Implemented", "/x")
    assert origin.seen == []


def test_quotes_in_the_path_stay_json(serve: Serve) -> None:
    gateway = serve({"/x": {"get": forward()}})
    _check(gateway.get('/a"b'), 404, "Not Found", "/a%22b")


def test_an_origin_that_does_not_listen_is_503(serve: Serve) -> None:
    gateway = serve({"/x": {"get": forward("http://127.0.0.1:1")}})
    _check(gateway.get("/x"), 503, "Service Unavailable", "/x")


@pytest.mark.parametrize("limit", ["timeout", "idleTimeout"])
def test_an_origin_that_does_not_answer_in_time_is_504(serve: Serve, origin: RecordingOrigin, limit: str) -> None:
    def silent(seen: object) -> bytes:
        import time

        time.sleep(2)
        return b""

    origin.reply = silent
    origins = {"origins": [{"name": "o", "url": origin.url, limit: "200ms"}]}
    gateway = serve({"/x": {"get": forward("origin://o")}}, origins=origins)
    _check(gateway.get("/x"), 504, "Gateway Timeout", "/x")


@pytest.mark.parametrize("status", [401, 404, 413, 500, 503])
def test_errors_of_the_origin_pass(serve: Serve, origin: RecordingOrigin, status: int) -> None:
    origin.reply = lambda seen: (
        f"HTTP/1.1 {status} X\r\ncontent-length: 4\r\ncontent-type: text/plain\r\n\r\nmine".encode()
    )
    gateway = serve({"/x": {"get": forward()}})
    answer = gateway.get("/x")
    assert (answer.status, answer.body, answer.one("content-type")) == (status, b"mine", "text/plain")


def test_a_missing_secret_is_503_and_never_a_forward(serve: Serve, origin: RecordingOrigin, tmp_path: object) -> None:
    from tests.proxy.test_secret_header import SECRET

    gateway = serve({"/x": {"get": forward(inbound=["secret"])}}, policies=[SECRET])
    sds = secret_file(gateway.envoy.log.parent / "secrets", "env/SECRET")
    # Envoy keeps its last value when the file is corrupt; an empty value is a credential that is gone.
    replacement = sds.with_suffix(".new")
    replacement.write_text(sds.read_text().replace("the-one-genuine-secret", ""))
    replacement.rename(sds)
    answer = _eventually(lambda: gateway.get("/x"), 503)
    _check(answer, 503, "Service Unavailable", "/x")
    assert answer.json()["code"] == "credential-missing"
    origin.seen.clear()
    assert gateway.get("/x", "backend-secret: forged").status == 503
    assert origin.seen == []


def _eventually(ask, status: int) -> Answer:  # type: ignore[no-untyped-def]
    import time

    for _ in range(100):
        answer: Answer = ask()
        if answer.status == status:
            return answer
        time.sleep(0.05)
    raise AssertionError(answer)
