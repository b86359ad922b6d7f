"""The store: sealed, private, right under concurrency."""

from __future__ import annotations

import multiprocessing
import os
import sqlite3
import stat
import traceback
from pathlib import Path

import pytest

from wicketgate.secret_value import SecretValue
from wicketgate.spec.variables import Secrecy
from wicketgate.store import Store, open_store
from wicketgate.store.key import KeyUnusableError
from wicketgate.store.sealing import SealError

CANARY = "canary-8f1c0a52e7d94b6f"
PRODUCTION = ["production"]


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / ".wicket"


@pytest.fixture
def store(state: Path) -> Store:
    return open_store(state)


def _set(store: Store, name: str = "BACKEND_SECRET", value: str = CANARY) -> None:
    store.set(name, SecretValue(value), Secrecy.SECRET, PRODUCTION)


def test_a_value_comes_back_for_the_gateway(store: Store) -> None:
    _set(store)
    stored = store.read("production")["BACKEND_SECRET"]
    assert (stored.value.reveal(), stored.secrecy) == (CANARY, Secrecy.SECRET)
    assert store.read("preview") == {}


def test_a_secret_cannot_be_shown_and_a_plain_value_can(store: Store) -> None:
    _set(store)
    store.set("REGION", SecretValue("eu"), Secrecy.PLAIN, PRODUCTION)
    assert {entry.name: entry.value for entry in store.entries()} == {"BACKEND_SECRET": None, "REGION": "eu"}


def test_unset(store: Store) -> None:
    _set(store)
    assert store.unset("BACKEND_SECRET", PRODUCTION)
    assert not store.unset("BACKEND_SECRET", PRODUCTION)
    assert store.read("production") == {}


def test_plaintext_never_reaches_the_disk(store: Store, state: Path) -> None:
    _set(store)
    store.stage("BACKEND_SECRET", "production", value=SecretValue(f"{CANARY}-next"))
    store.switch("BACKEND_SECRET", "production")
    for file in state.iterdir():
        assert CANARY.encode() not in file.read_bytes(), file


def test_files_are_private_from_birth(state: Path) -> None:
    before = os.umask(0)
    try:
        _set(open_store(state))
    finally:
        os.umask(before)
    assert stat.S_IMODE(state.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in state.iterdir()} == {0o600}


def test_an_open_key_file_is_refused(state: Path) -> None:
    open_store(state)
    (state / "key").chmod(0o644)
    with pytest.raises(KeyUnusableError) as refused:
        open_store(state)
    assert "chmod 600" in refused.value.hint


def test_a_broken_key_is_refused_and_not_replaced(state: Path) -> None:
    open_store(state)
    (state / "key").write_text("not a key")
    with pytest.raises(KeyUnusableError):
        open_store(state)
    assert (state / "key").read_text() == "not a key"


def test_another_key_does_not_open_the_values(store: Store, state: Path) -> None:
    _set(store)
    (state / "key").unlink()
    with pytest.raises(SealError) as refused:
        open_store(state).read("production")
    assert "another key" in refused.value.message


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE variables SET box = CAST(substr(box, 1, length(box) - 1) || x'00' AS BLOB)",
        "UPDATE variables SET name = 'OTHER' WHERE name = 'BACKEND_SECRET'",
        "UPDATE variables SET environment = 'production' WHERE environment = 'preview'",
        "UPDATE variables SET slot = 'current' WHERE slot = 'next'",
    ],
)
def test_a_row_that_was_changed_or_moved_does_not_open(store: Store, state: Path, change: str) -> None:
    _set(store)
    if "preview" in change:
        store.unset("BACKEND_SECRET", PRODUCTION)
        store.set("BACKEND_SECRET", SecretValue(CANARY), Secrecy.SECRET, ["preview"])
    if "next" in change:
        store.stage("BACKEND_SECRET", "production")
    with sqlite3.connect(state / "state.db") as connection:
        if "next" in change:
            connection.execute("DELETE FROM variables WHERE slot = 'current'")
        connection.execute(change)
    connection.close()
    with pytest.raises(SealError) as refused:
        store.read("production")
    shown = "".join(traceback.format_exception(refused.value)) + repr(refused.value)
    assert CANARY not in shown


def test_nothing_prints_a_value(store: Store) -> None:
    _set(store)
    shown = repr(store) + str(store.entries()) + repr(store.read("production")) + repr(store.database.sealer)
    assert CANARY not in shown
    assert repr(store.database.sealer.key) not in shown


def test_the_sequence_tells_of_every_write(store: Store, state: Path) -> None:
    before = store.sequence()
    _set(open_store(state))
    assert store.sequence() > before


def _write_many(state: Path, worker: int) -> None:
    store = open_store(state)
    for index in range(20):
        store.set(f"W{worker}_{index}", SecretValue(str(index)), Secrecy.SECRET, PRODUCTION)


def test_processes_write_at_once_and_lose_nothing(state: Path) -> None:
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=_write_many, args=(state, worker)) for worker in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert [worker.exitcode for worker in workers] == [0, 0, 0]
    store = open_store(state)
    assert len(store.read("production")) == 60
    assert store.sequence() == 60
