"""Stores that answer as they should, late, oddly or not at all: only `True` lets in."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import Any

import pytest
from guards.python.tests.issuer import Issuer, guarding

from wicketgate_guard import (
    GuardConfigurationError,
    MemoryReplayStore,
    ReplayStoreFull,
    SignatureGuard,
    SignatureGuardWSGI,
    TokenGuardWSGI,
    Verdict,
    _once,
)
from wicketgate_guard._once import Once, OneTime

SEEN = OneTime("key", 10.0)


class Answers:
    """A store that always says the same."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer
        self.threads: set[str] = set()

    def first(self, *_: object) -> Any:
        self.threads.add(threading.current_thread().name)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


class AnswersLater(Answers):
    """The same for an event loop."""

    async def first(self, *_: object) -> Any:
        await asyncio.sleep(0)
        return super().first()


class Delegates(Answers):
    """A plain method that returns what a client library wants awaited."""

    def first(self, *_: object) -> Any:
        return AnswersLater(self.answer).first()


ANSWERS = [
    (True, Verdict.ACCEPTED),
    (False, Verdict.REPLAYED),
    (1, Verdict.UNNOTED),
    ("no", Verdict.UNNOTED),
    (None, Verdict.UNNOTED),
    (OSError("redis://:secret@store"), Verdict.UNNOTED),
]


@pytest.mark.parametrize(("answer", "verdict"), ANSWERS, ids=repr)
def test_only_true_lets_in(answer: Any, verdict: Verdict, caplog: pytest.LogCaptureFixture) -> None:
    for store in (Answers(answer), AnswersLater(answer), Delegates(answer)):
        assert asyncio.run(Once(store).anoted(SEEN)) is verdict
    assert Once(Answers(answer)).noted(SEEN) is verdict
    assert ("replay store" in caplog.text) is (verdict is Verdict.UNNOTED)
    assert "secret" not in caplog.text


@pytest.mark.parametrize(("answer", "verdict"), ANSWERS[:2], ids=repr)
def test_the_middleware_asks_stores_of_every_kind(issuer: Issuer, answer: Any, verdict: Verdict) -> None:
    value = f"Bearer {issuer.token()}".encode()
    for store in (Answers(answer), AnswersLater(answer), Delegates(answer)):
        guard = guarding(issuer, once=True, replay=store)
        assert asyncio.run(guard.acheck([value])) is verdict


def test_a_shared_store_is_asked_in_threads_of_the_guard() -> None:
    store = Answers(True)
    asyncio.run(Once(store).anoted(SEEN))
    assert [name.startswith("wicketgate-guard") for name in store.threads] == [True]


@pytest.mark.parametrize("make", [Answers, AnswersLater])
def test_a_store_that_does_not_answer_refuses(make: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_once, "_SECONDS", 0.1)
    release = threading.Event()

    class Hangs(Answers):
        def first(self, *_: object) -> bool:
            return release.wait(5)

    class HangsLater(AnswersLater):
        async def first(self, *_: object) -> bool:
            await asyncio.sleep(5)
            return True

    begun = time.monotonic()
    store = Hangs(True) if make is Answers else HangsLater(True)
    asyncio.run(_asked(store, release))
    assert time.monotonic() - begun < 2


async def _asked(store: Any, release: threading.Event) -> None:
    try:
        assert await Once(store).anoted(SEEN) is Verdict.UNNOTED
    finally:
        release.set()


def test_what_only_a_loop_can_ask_is_refused_elsewhere(issuer: Issuer) -> None:
    token = guarding(issuer, once=True, replay=AnswersLater(True))
    signature = SignatureGuard(secrets={"gateway": "a-secret-that-signs"}, replay=AnswersLater(True))
    for refused in (
        lambda: TokenGuardWSGI(lambda *_: [], token),
        lambda: SignatureGuardWSGI(lambda *_: [], signature),
        lambda: token.check([]),
        lambda: signature.check(None),  # type: ignore[arg-type]
    ):
        with pytest.raises(GuardConfigurationError, match="asynchronous"):
            refused()


def test_a_coroutine_is_no_answer_without_a_loop() -> None:
    """A plain method that returns one cannot be told from others before it has been asked."""
    assert Once(Delegates(True)).noted(SEEN) is Verdict.UNNOTED


@pytest.mark.parametrize("store", [object(), {}, MemoryReplayStore.first])
def test_what_is_no_store_is_refused(issuer: Issuer, store: Any) -> None:
    with pytest.raises(GuardConfigurationError, match="replay"):
        guarding(issuer, once=True, replay=store)


def test_a_store_that_is_empty_is_one(issuer: Issuer) -> None:
    class Sized(Answers):
        def __len__(self) -> int:
            return 0

    value = f"Bearer {issuer.token()}".encode()
    assert guarding(issuer, once=True, replay=Sized(False)).check([value]) is Verdict.REPLAYED
    assert SignatureGuard(secrets={"a": "a-secret-that-signs"}, replay=Sized(False))._once._store.answer is False


def test_a_full_store_says_so_and_forgets_what_has_ended(caplog: pytest.LogCaptureFixture) -> None:
    now = [0.0]
    store = MemoryReplayStore(most=2, clock=lambda: now[0])
    assert [store.first(key, 10.0) for key in ("a", "b", "a")] == [True, True, False]
    with pytest.raises(ReplayStoreFull):
        store.first("c", 10.0)
    assert Once(store).noted(SEEN) is Verdict.UNNOTED
    assert "full with 2 entries" in caplog.text
    now[0] = 11.0
    assert store.first("a", 20.0)
    assert not store.first("a", 20.0)


def test_a_key_that_comes_again_is_kept_by_its_new_end() -> None:
    """Though its old one is still waiting to be forgotten, behind others."""
    now = [0.0]
    store = MemoryReplayStore(clock=lambda: now[0])
    for key in "abcdefghijklmnopqrstuvwxyz":
        assert store.first(key, 10.0)
    now[0] = 11.0
    assert store.first("z", 20.0)
    for key in ("1", "2", "3", "4"):
        assert store.first(key, 20.0)
    assert not store.first("z", 20.0)
    assert set(store._seen) == {"z", "1", "2", "3", "4"}


def test_long_lives_do_not_keep_short_ones() -> None:
    now = [0.0]
    store = MemoryReplayStore(most=100, clock=lambda: now[0])
    for number in range(8):
        assert store.first(f"an hour {number}", 3660.0)
    for number in range(2000):
        now[0] += 1
        assert store.first(f"short {number}", now[0] + 70)
    assert len(store._seen) == len(store._ends) <= 80
