"""Keys that sign are where Envoy reads them, and nowhere once nobody needs them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.control.test_delivery import PAIR, use
from wicketgate.control.key_files import KeyFiles, NoMemoryError
from wicketgate.envoy.signature import keys_file
from wicketgate.secret_value import SecretValue
from wicketgate.supervise.run_directory import RunDirectory


@pytest.fixture
def run(tmp_path: Path) -> Iterator[RunDirectory]:
    found = RunDirectory(tmp_path / "run")
    found.create()
    yield found
    found.forget_keys()


def _written(run: RunDirectory) -> set[str]:
    return {str(path.relative_to(run.path)) for path in run.keys.glob("*/credentials")}


def test_a_control_plane_removes_what_one_before_it_wrote(run: RunDirectory) -> None:
    before = KeyFiles(run)
    for name in ("a", "b"):
        before.make_place(use(name))
        before.write(use(name), SecretValue(PAIR))
    after = KeyFiles(run)
    after.make_place(use("b"))
    after.keep_only([use("b")])
    assert _written(run) == {keys_file(use("b"))}
    assert not after.holds(use("b")), "until it has keys of its own to write"
    after.write(use("b"), None)
    assert (run.path / keys_file(use("b"))).read_bytes() == b"[default]\n"


def test_what_is_dropped_is_removed(run: RunDirectory) -> None:
    files = KeyFiles(run)
    files.keep_only([])
    for name in ("a", "b"):
        files.write(use(name), SecretValue(PAIR))
    files.keep_only([use("a")])
    assert _written(run) == {keys_file(use("a"))}
    files.keep_only([])
    assert _written(run) == set()


def test_all_go_with_the_gateway(run: RunDirectory) -> None:
    KeyFiles(run).write(use("a"), SecretValue(PAIR))
    root = run.keys.resolve()
    run.forget_keys()
    assert not root.exists()
    assert not run.keys.is_symlink()


def test_keys_are_never_written_to_a_disk(run: RunDirectory) -> None:
    with pytest.raises(NoMemoryError, match="memory file system"):
        KeyFiles(run, memory=Path("/proc")).make_place(use("a"))
