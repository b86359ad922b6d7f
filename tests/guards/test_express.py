"""The Express package's own tests, run by Node with its locked dependencies."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

from tests.guards.stands.frameworks import express_folder

_REPOSITORY = Path(__file__).parents[2]
_LOCK = _REPOSITORY / "guards" / "express" / "package-lock.json"


def test_the_package_passes_its_own_tests(tmp_path: Path) -> None:
    folder = express_folder(tmp_path.parent)
    command = ["node", "--test", "--test-reporter=tap"]
    environ = {**os.environ, "WICKETGATE_REPOSITORY": str(_REPOSITORY)}
    run = subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, timeout=120, check=False)
    assert run.returncode == 0, run.stdout
    counts = dict(re.findall(r"^# (pass|fail|skipped|todo) (\d+)$", run.stdout, re.MULTILINE))
    assert int(counts.pop("pass")) > 250
    assert set(counts.values()) == {"0"}


def test_the_lock_names_no_registry() -> None:
    assert '"resolved"' not in _LOCK.read_text()
