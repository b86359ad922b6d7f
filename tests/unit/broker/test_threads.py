"""What hangs in a thread holds up nothing but its own provider."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest

from wicketgate.broker.threads import Threads
from wicketgate.broker.turns import AT_ONE


@pytest.fixture
def hang() -> Iterator[threading.Event]:
    event = threading.Event()
    yield event
    event.set()


async def _gives_up(threads: Threads, provider: str, hang: threading.Event) -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await threads.run(provider, hang.wait, 30)


def test_a_function_returns_and_raises() -> None:
    async def test() -> None:
        threads = Threads()
        assert await threads.run("p", divmod, 7, 2) == (3, 1)
        with pytest.raises(ZeroDivisionError):
            await threads.run("p", divmod, 7, 0)

    asyncio.run(test())


def test_attempts_that_hang_do_not_pile_up(hang: threading.Event) -> None:
    async def test() -> None:
        threads, before = Threads(), threading.active_count()
        for _ in range(3 * AT_ONE):
            await _gives_up(threads, "hung", hang)
        assert threading.active_count() - before == AT_ONE
        assert await asyncio.wait_for(threads.run("healthy", int, "7"), 1) == 7
        hang.set()
        assert await asyncio.wait_for(threads.run("hung", int, "8"), 1) == 8

    asyncio.run(test())


def test_pythons_own_threads_stay_free(hang: threading.Event) -> None:
    async def test() -> None:
        threads = Threads()
        for number in range(20):
            await _gives_up(threads, f"hung {number}", hang)
        assert await asyncio.wait_for(asyncio.to_thread(int, "7"), 1) == 7

    asyncio.run(test())


def test_a_process_ends_though_a_thread_hangs() -> None:
    script = """
import asyncio, time
from wicketgate.broker.threads import Threads
async def main():
    asyncio.get_running_loop().create_task(Threads().run("p", time.sleep, 60))
    await asyncio.sleep(0.1)
asyncio.run(main())
"""
    assert subprocess.run([sys.executable, "-c", script], timeout=20, check=False).returncode == 0
