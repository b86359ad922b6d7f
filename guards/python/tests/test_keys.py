"""Keys that roll, an issuer that is gone, slow or mad, and callers who invent keys."""

from __future__ import annotations

import asyncio
import logging
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from guards.python.tests.issuer import ISSUER, Issuer, good_answer, guarding, judged, talking

from wicketgate_guard import GuardConfigurationError, TokenGuard, Verdict, _fetch, _remote_keys


def test_a_new_key_is_fetched_and_invented_ones_make_no_flood(issuer: Issuer) -> None:
    clock = [0.0]
    guard = guarding(issuer)
    guard._keys._clock = lambda: clock[0]
    assert judged(guard, issuer.token()) is Verdict.ACCEPTED
    for number in range(50):
        assert judged(guard, issuer.invented(f"invented-{number}")) is Verdict.UNKNOWN_KEY
    assert issuer.fetched == 1
    issuer.new_key("k2")
    clock[0] = 31.0
    assert judged(guard, issuer.token(kid="k2")) is Verdict.ACCEPTED
    assert issuer.fetched == 2


def _at_once(guard: TokenGuard, issuer: Issuer, *tokens: str) -> list[Verdict]:
    """Judge them all while the issuer takes its time."""
    verdicts: list[Verdict] = []
    threads = [threading.Thread(target=lambda t=token: verdicts.append(judged(guard, t))) for token in tokens]
    issuer.answers.clear()
    for thread in threads:
        thread.start()
    time.sleep(0.2)
    issuer.answers.set()
    for thread in threads:
        thread.join(10)
    return verdicts


def test_nobody_is_refused_while_the_keys_are_fetched(issuer: Issuer) -> None:
    guard = guarding(issuer)
    assert _at_once(guard, issuer, *(issuer.token() for _ in range(8))) == [Verdict.ACCEPTED] * 8
    assert issuer.fetched == 1


def test_a_new_key_is_waited_for_and_a_known_one_is_not(issuer: Issuer) -> None:
    now = 0.0
    guard = guarding(issuer)
    guard._keys._clock = lambda: now
    assert judged(guard, issuer.token()) is Verdict.ACCEPTED
    issuer.new_key("k2")
    now = 31.0
    waiting = threading.Thread(target=lambda: judged(guard, issuer.token(kid="k2")))
    issuer.answers.clear()
    waiting.start()
    while issuer.fetched < 2:
        time.sleep(0.01)
    assert judged(guard, issuer.token()) is Verdict.ACCEPTED
    assert _at_once(guard, issuer, *(issuer.token(kid="k2") for _ in range(8))) == [Verdict.ACCEPTED] * 8
    waiting.join(10)
    assert issuer.fetched == 2


def test_without_any_keys_the_issuer_is_asked_again_soon(issuer: Issuer) -> None:
    now = 0.0
    guard = guarding(issuer)
    guard._keys._clock = lambda: now
    issuer.status = 503
    assert judged(guard, issuer.token()) is Verdict.UNKNOWN_KEY
    issuer.status = 200
    assert judged(guard, issuer.token()) is Verdict.UNKNOWN_KEY
    now = 1.0
    assert judged(guard, issuer.token()) is Verdict.ACCEPTED


def test_a_revoked_key_is_gone_when_the_set_is_old(issuer: Issuer) -> None:
    clock = [0.0]
    guard = guarding(issuer)
    guard._keys._clock = lambda: clock[0]
    token = issuer.token()
    assert judged(guard, token) is Verdict.ACCEPTED
    issuer.new_key("k2")
    del issuer.keys["k1"]
    clock[0] = 301.0
    assert judged(guard, token) is Verdict.UNKNOWN_KEY


@pytest.mark.parametrize(
    "change",
    [
        {"status": 500},
        {"status": 302},
        {"body": b"{"},
        {"body": b"{}"},
        {"body": b'{"keys": []}'},
        {"body": b"x" * 300_000},
        {"body": b'{"keys": [{"kty": "oct", "k": "AAAA"}]}'},
    ],
)
def test_the_last_good_keys_serve_while_the_issuer_is_down(issuer: Issuer, change: dict[str, Any]) -> None:
    clock = [0.0]
    guard = guarding(issuer)
    guard._keys._clock = lambda: clock[0]
    assert judged(guard, issuer.token()) is Verdict.ACCEPTED
    for name, value in change.items():
        setattr(issuer, name, value)
    clock[0] = 400.0
    assert judged(guard, issuer.token()) is Verdict.ACCEPTED
    clock[0] = 400.0 + 86_400
    assert judged(guard, issuer.token()) is Verdict.UNKNOWN_KEY, "not for ever"


def test_keys_from_a_file_are_read_again_when_it_changes(issuer: Issuer, tmp_path: Any) -> None:
    file = tmp_path / "jwks.json"
    file.write_bytes(issuer.key_set())
    guard = guarding(issuer, jwks=str(file))
    assert judged(guard, issuer.token()) is Verdict.ACCEPTED
    issuer.new_key("k2")
    file.write_bytes(issuer.key_set())
    assert judged(guard, issuer.token(kid="k2")) is Verdict.ACCEPTED
    assert issuer.fetched == 0


def _mad(answer: str, keys: bytes, connection: socket.socket) -> None:
    """Answer in a way that HTTP or JSON does not know."""
    if answer == "no status line":
        connection.sendall(b"garbage garbage garbage\r\n\r\n")
    elif answer == "half a chunk":
        head = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
        connection.sendall(head + b"%x\r\n%s" % (len(keys), keys[:50]))
    elif answer == "too deep":
        connection.sendall(good_answer(b"[" * 200_000))
    elif answer == "too many headers":
        connection.sendall(b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 200 + b"\r\n")


@pytest.mark.parametrize("answer", ["no status line", "half a chunk", "too deep", "too many headers", "nothing at all"])
def test_the_last_good_keys_serve_whatever_the_issuer_answers(answer: str, caplog: pytest.LogCaptureFixture) -> None:
    issuer, asked, now = Issuer(), [0], 0.0

    def handler(connection: socket.socket) -> None:
        asked[0] += 1
        if asked[0] == 1:
            connection.sendall(good_answer(issuer.key_set()))
        else:
            _mad(answer, issuer.key_set(), connection)

    with talking(handler) as issuer.url:
        guard = guarding(issuer)
        guard._keys._clock = lambda: now
        assert judged(guard, issuer.token()) is Verdict.ACCEPTED
        now = 400.0
        assert [judged(guard, issuer.token()) for _ in range(5)] == [Verdict.ACCEPTED] * 5
        assert [judged(guard, issuer.invented("x")) for _ in range(5)] == [Verdict.UNKNOWN_KEY] * 5
        assert asked[0] == 2, "once in 30 s"
    assert "cannot refresh the keys" in caplog.text


def test_an_issuer_that_never_ends_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """A byte now and then keeps each read alive, in the head of an answer as well as in its body."""
    monkeypatch.setattr(_fetch, "FETCH_SECONDS", 0.5)
    issuer, ended = Issuer(), threading.Semaphore(0)
    for start in (b"HTTP/1.1 200 OK\r\nx: ", good_answer(issuer.key_set())[:60]):

        def handler(connection: socket.socket, start: bytes = start) -> None:
            connection.sendall(start)
            try:
                for _ in range(100):
                    time.sleep(0.1)
                    connection.sendall(b"1")
            except OSError:
                ended.release()

        with talking(handler) as issuer.url:
            begun = time.monotonic()
            assert judged(guarding(issuer), issuer.token()) is Verdict.UNKNOWN_KEY
            assert time.monotonic() - begun < 2
            assert ended.acquire(timeout=5), "the connection is not left open either"


def test_what_comes_when_the_time_is_up_is_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_fetch, "FETCH_SECONDS", 0.2)
    issuer = Issuer()

    def handler(connection: socket.socket) -> None:
        time.sleep(0.4)
        connection.sendall(good_answer(issuer.key_set()))

    with talking(handler) as issuer.url, pytest.raises(ConnectionError):
        _fetch.fetched(issuer.url)
    limit = _fetch._Limit()
    limit.end()
    with pytest.raises(TimeoutError):
        limit.check()


def test_a_known_key_waits_for_nothing_that_others_invent(issuer: Issuer) -> None:
    """Nor does the rest of an application, whose threads are its own."""
    guard = guarding(issuer)
    assert judged(guard, issuer.token()) is Verdict.ACCEPTED
    now = 31.0
    guard._keys._clock = lambda: time.monotonic() + now
    issuer.answers.clear()

    async def ask(token: str) -> Verdict:
        return await guard.acheck([f"Bearer {token}".encode()])

    async def flood() -> tuple[float, list[Verdict]]:
        waiting = [asyncio.create_task(ask(issuer.invented(str(number)))) for number in range(100)]
        await asyncio.sleep(0.1)
        begun = time.monotonic()
        assert await ask(issuer.token()) is Verdict.ACCEPTED
        await asyncio.to_thread(lambda: None)
        return time.monotonic() - begun, [await task for task in waiting]

    begun = time.monotonic()
    took, verdicts = asyncio.run(flood())
    assert took < 0.2
    assert verdicts == [Verdict.UNKNOWN_KEY] * 100
    assert time.monotonic() - begun < _remote_keys._PATIENCE + 1, "nor do they wait for ever"
    assert issuer.fetched == 2
    assert [thread.name for thread in threading.enumerate()].count("wicketgate-guard-keys") == 1


def test_keys_are_fetched_anew_before_they_are_old(issuer: Issuer) -> None:
    """Nobody waits for it, slow as the issuer may be."""
    now = 0.0
    guard = guarding(issuer)
    guard._keys._clock = lambda: now
    assert judged(guard, issuer.token()) is Verdict.ACCEPTED
    issuer.answers.clear()
    now = 241.0
    begun = time.monotonic()
    assert judged(guard, issuer.token()) is Verdict.ACCEPTED
    assert time.monotonic() - begun < 0.2
    issuer.answers.set()
    _until(lambda: guard._keys._asked == 241.0)
    assert issuer.fetched == 2


def test_who_gives_up_does_not_stop_the_others(issuer: Issuer) -> None:
    guard = guarding(issuer)
    issuer.answers.clear()

    async def ask() -> Verdict:
        return await guard.acheck([f"Bearer {issuer.token()}".encode()])

    async def main() -> Verdict:
        first, second = asyncio.create_task(ask()), asyncio.create_task(ask())
        await asyncio.sleep(0.1)
        first.cancel()
        await asyncio.sleep(0.1)
        issuer.answers.set()
        return await second

    assert asyncio.run(main()) is Verdict.ACCEPTED


def test_a_fetch_that_hangs_is_abandoned(issuer: Issuer, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the one of the parent is in a process that was forked meanwhile."""
    hung = threading.Event()

    def hanging(_: str) -> Any:
        monkeypatch.setattr(_remote_keys, "fetched", _fetch.fetched)
        hung.wait(10)
        return _fetch.Fetched(Issuer().key_set(), "")

    monkeypatch.setattr(_remote_keys, "fetched", hanging)
    monkeypatch.setattr(_remote_keys, "_ABANDONED", 0.2)
    monkeypatch.setattr(_remote_keys, "_PATIENCE_WITHOUT_KEYS", 0.3)
    guard = guarding(issuer)
    assert judged(guard, issuer.token()) is Verdict.UNKNOWN_KEY
    assert judged(guard, issuer.token()) is Verdict.ACCEPTED
    hung.set()
    _until(lambda: "wicketgate-guard-keys" not in [thread.name for thread in threading.enumerate()])
    assert judged(guard, issuer.token()) is Verdict.ACCEPTED, "what it brings is too late"


def test_without_a_thread_the_last_good_keys_serve(issuer: Issuer, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    guard = guarding(issuer)
    guard._keys._clock = lambda: now
    assert judged(guard, issuer.token()) is Verdict.ACCEPTED

    def refused(_: object) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refused)
    now = 400.0
    assert judged(guard, issuer.token()) is Verdict.ACCEPTED


def _until(met: Any) -> None:
    end = time.monotonic() + 5
    while not met():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_loopback_is_never_asked_through_a_proxy(issuer: Issuer, monkeypatch: pytest.MonkeyPatch) -> None:
    seen, stranger = [], Issuer()

    class Proxy(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append(self.path)
            self.wfile.write(good_answer(stranger.key_set()))

        def do_CONNECT(self) -> None:
            seen.append(self.path)
            self.send_error(502)

        def log_message(self, *_: object) -> None:
            """Tests are quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Proxy)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{server.server_port}")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    assert judged(guarding(issuer), stranger.token()) is Verdict.MISMATCH
    assert judged(guarding(issuer), issuer.token()) is Verdict.ACCEPTED
    assert seen == []
    # An issuer far away is asked through it, with TLS from end to end.
    with pytest.raises(OSError, match="502"):
        _fetch.fetched("https://gateway.example.com/jwks.json")
    assert seen == ["gateway.example.com:443"]
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("content", [None, b"", b"{}", b"[" * 200_000, b'{"keys": []}'])
def test_a_file_that_has_no_keys_is_no_guard(tmp_path: Any, content: bytes | None) -> None:
    file = tmp_path / "jwks.json"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(GuardConfigurationError, match=r"jwks\.json"):
        TokenGuard(issuer=ISSUER, audience="orders", jwks=str(file))


def test_a_file_that_is_spoilt_later_leaves_the_last_good_keys(
    issuer: Issuer, tmp_path: Any, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "jwks.json"
    file.write_bytes(issuer.key_set())
    guard = guarding(issuer, jwks=str(file))
    file.write_bytes(b"{")
    with caplog.at_level(logging.ERROR):
        assert [judged(guard, issuer.token()) for _ in range(3)] == [Verdict.ACCEPTED] * 3
    assert caplog.text.count("The last good keys stay in force") == 1
