"""Whatever a project holds, a compile ends in resources or in messages that lead to a place; never in a traceback."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random

import pytest

from tests.diagnostics.damage import damaged, whole_project, write_files
from tests.support.variables import GivenVariables
from wicketgate.compile import Compiled, compile_project

CANARY = "canary-value-of-a-secret"
VARIABLES = GivenVariables(secret={"CANARY": CANARY}, plain={"PLAIN": "plain"})
WHOLE = whole_project()
TRIES = 40


def _compile(folder: Path) -> Compiled:
    return compile_project(folder, variables=VARIABLES, roots=Path("/roots.pem"))


def test_the_project_is_whole(tmp_path: Path) -> None:
    write_files(tmp_path, WHOLE)
    compiled = _compile(tmp_path)
    assert compiled.ok, compiled.diagnostics


@pytest.mark.parametrize("seed", range(25))
def test_a_damaged_project(tmp_path: Path, seed: int) -> None:
    chance = Random(seed)
    for _ in range(TRIES):
        files = damaged(WHOLE, chance)
        write_files(tmp_path, files)
        compiled = _compile(tmp_path)
        assert compiled.ok is not any(item.is_error for item in compiled.diagnostics), files
        assert CANARY not in str((compiled.diagnostics, compiled.resources)), files
        _assert_places(tmp_path, compiled)


def _assert_places(folder: Path, compiled: Compiled) -> None:
    for item in compiled.diagnostics:
        lines = (folder / item.span.file).read_text().split("\n")
        assert 1 <= item.span.line <= len(lines)
        assert 1 <= item.span.column <= len(lines[item.span.line - 1]) + 1
        assert item.hint
        assert item.message.isprintable()
        json.dumps(item.message).encode()
