"""Rotation: at every moment, and after a crash at any moment, the guard accepts what the gateway sends."""

from __future__ import annotations

import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from hypothesis.strategies import floats

from wicketgate.secret_value import SecretValue
from wicketgate.spec.variables import Secrecy
from wicketgate.store import Phase, RotationError, Store, open_store
from wicketgate.store.guard_file import GuardFileError, write_guard_file

NAME, ENVIRONMENT = "BACKEND_SECRET", "production"


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(tmp_path: Path, clock: Clock) -> Store:
    store = open_store(tmp_path / ".wicket", clock=clock)
    store.set(NAME, SecretValue("first"), Secrecy.SECRET, [ENVIRONMENT])
    return store


def sent(store: Store) -> str:
    return store.read(ENVIRONMENT)[NAME].value.reveal()


def accepted(file: Path) -> list[str]:
    return file.read_text().split()


def test_the_whole_way(store: Store, clock: Clock, tmp_path: Path) -> None:
    file = tmp_path / "accepted"
    store.stage(NAME, ENVIRONMENT, value=SecretValue("second"), settle=30, soak=600, guard_file=str(file))
    assert (sent(store), accepted(file)) == ("first", ["first", "second"])
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    clock.now += 29
    store.advance()
    assert sent(store) == "first"
    clock.now += 1
    store.advance()
    assert (sent(store), accepted(file)) == ("second", ["second", "first"])
    clock.now += 600
    store.advance()
    assert (sent(store), accepted(file), store.rotations()) == ("second", ["second"], [])


def test_steps_by_hand_and_back(store: Store, tmp_path: Path) -> None:
    file = tmp_path / "accepted"
    store.stage(NAME, ENVIRONMENT, value=SecretValue("second"), guard_file=str(file))
    store.switch(NAME, ENVIRONMENT)
    store.roll_back(NAME, ENVIRONMENT)
    (rotation,) = store.rotations()
    assert (sent(store), rotation.phase, rotation.due_at) == ("first", Phase.STAGED, None)
    assert set(accepted(file)) == {"first", "second"}
    store.roll_back(NAME, ENVIRONMENT)
    assert (sent(store), accepted(file), store.rotations()) == ("first", ["first"], [])


def test_a_generated_value_is_long_and_new(store: Store) -> None:
    value = store.stage(NAME, ENVIRONMENT).reveal()
    assert len(value) >= 43
    store.roll_back(NAME, ENVIRONMENT)
    assert store.stage(NAME, ENVIRONMENT).reveal() != value


def test_what_does_not_fit_is_refused(store: Store) -> None:
    for step in (store.switch, store.retire, store.roll_back):
        with pytest.raises(RotationError):
            step(NAME, ENVIRONMENT)
    with pytest.raises(RotationError, match="not in the store"):
        store.stage("UNKNOWN", ENVIRONMENT)
    with pytest.raises(RotationError, match="current one"):
        store.stage(NAME, ENVIRONMENT, value=SecretValue("first"))
    store.stage(NAME, ENVIRONMENT)
    with pytest.raises(RotationError, match="being rotated"):
        store.stage(NAME, ENVIRONMENT)
    with pytest.raises(RotationError, match="being rotated"):
        store.set(NAME, SecretValue("x"), Secrecy.SECRET, [ENVIRONMENT])
    with pytest.raises(RotationError, match="being rotated"):
        store.unset(NAME, [ENVIRONMENT])
    with pytest.raises(RotationError):
        store.retire(NAME, ENVIRONMENT)


def test_a_guard_file_that_cannot_be_written_stops_the_step(store: Store, tmp_path: Path) -> None:
    with pytest.raises(GuardFileError):
        store.stage(NAME, ENVIRONMENT, guard_file=str(tmp_path / "missing" / "accepted"))
    assert (sent(store), store.rotations()) == ("first", [])


@pytest.mark.parametrize("step", ["stage", "switch", "retire", "roll_back"])
@pytest.mark.parametrize("moment", ["before the guard is told", "after the guard is told"])
def test_a_crash_in_a_step_leaves_a_guard_that_accepts_what_is_sent(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, moment: str
) -> None:
    file = tmp_path / "accepted"
    file.write_text("first\n")

    def stage() -> object:
        return store.stage(NAME, ENVIRONMENT, value=SecretValue("second"), guard_file=str(file))

    steps: dict[str, Callable[[], object]] = {
        "stage": stage,
        "switch": lambda: store.switch(NAME, ENVIRONMENT),
        "retire": lambda: store.retire(NAME, ENVIRONMENT),
        "roll_back": lambda: store.roll_back(NAME, ENVIRONMENT),
    }
    for earlier in {"stage": [], "switch": ["stage"], "retire": ["stage", "switch"], "roll_back": ["stage"]}[step]:
        steps[earlier]()
    write = write_guard_file

    def crash(path: str, values: list[SecretValue]) -> None:
        if moment.startswith("after"):
            write(path, values)
        raise KeyboardInterrupt

    monkeypatch.setattr("wicketgate.store.store.write_guard_file", crash)
    with pytest.raises(KeyboardInterrupt):
        steps[step]()
    assert sent(store) in accepted(file)


class RotationMachine(RuleBasedStateMachine):
    """Any steps in any order: what the gateway sends is accepted, and the guard accepts two values at most."""

    def __init__(self) -> None:
        super().__init__()
        import tempfile

        self.folder = tempfile.TemporaryDirectory()
        root = Path(self.folder.name)
        self.clock, self.file = Clock(), root / "accepted"
        self.store = open_store(root / ".wicket", clock=self.clock)
        self.store.set(NAME, SecretValue("first"), Secrecy.SECRET, [ENVIRONMENT])
        self.file.write_text("first\n")

    def teardown(self) -> None:
        self.store.database.engine.dispose()
        self.folder.cleanup()

    def _try(self, step: str) -> None:
        try:
            getattr(self.store, step)(NAME, ENVIRONMENT)
        except RotationError:
            return

    @rule()
    def stage(self) -> None:
        try:
            self.store.stage(NAME, ENVIRONMENT, settle=5, soak=5, guard_file=str(self.file))
        except RotationError:
            assert self.store.rotations()

    @rule()
    def switch(self) -> None:
        self._try("switch")

    @rule()
    def retire(self) -> None:
        self._try("retire")

    @rule()
    def roll_back(self) -> None:
        self._try("roll_back")

    @rule(seconds=floats(0, 10))
    def wait(self, seconds: float) -> None:
        self.clock.now += seconds
        self.store.advance()

    @invariant()
    def the_guard_accepts_what_is_sent(self) -> None:
        values = accepted(self.file)
        assert sent(self.store) in values
        assert len(values) == (2 if self.store.rotations() else 1)


TestRotationMachine = RotationMachine.TestCase
TestRotationMachine.settings = settings(max_examples=15, stateful_step_count=15, deadline=None)
