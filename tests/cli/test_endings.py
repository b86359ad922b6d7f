"""How commands end: codes, one line and a hint, no traceback, no secret."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Wicket
from wicketgate.cli import version as version_command

CANARY = "canary-7f3a-value-of-a-secret"


def test_usage_errors_exit_2(wicket: Wicket) -> None:
    assert wicket("chekc").exit_code == 2
    assert wicket("check", "--nonsense").exit_code == 2
    assert wicket("run", "--listen", "not-an-address").exit_code == 2


def test_a_missing_folder_exits_3_with_a_hint(wicket: Wicket, tmp_path: Path) -> None:
    result = wicket("check", "--project", tmp_path / "nowhere")
    assert result.exit_code == 3
    assert result.stderr.startswith("error: ")
    assert "\nhint: " in result.stderr


def test_a_file_in_the_way_exits_3(wicket: Wicket, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = wicket("init", tmp_path / "file" / "shop")
    assert result.exit_code == 3
    assert "Not a directory" in result.stderr


def test_a_defect_shows_neither_its_text_nor_a_traceback(wicket: Wicket, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> str:
        raise RuntimeError(CANARY)

    monkeypatch.setattr(version_command, "envoy_version", fail)
    result = wicket("version")
    assert result.exit_code == 70
    assert "RuntimeError at test_endings.py" in result.stderr
    assert "Traceback" not in result.output
    assert CANARY not in result.output


def test_debug_shows_where_but_no_values(wicket: Wicket, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> str:
        held = CANARY
        raise RuntimeError(held)

    monkeypatch.setattr(version_command, "envoy_version", fail)
    result = wicket("--debug", "version")
    assert "in fail" in result.stderr
    assert CANARY not in result.output


def test_no_gateway_exits_3(wicket: Wicket, project: Path) -> None:
    for command in ("status", "reload"):
        result = wicket(command, "--project", project)
        assert result.exit_code == 3, result.output
        assert "wicket run" in result.stderr


def test_a_reader_that_leaves_is_no_error() -> None:
    command = f"{sys.executable} -m wicketgate.cli guard nginx | head -c 1"
    result = subprocess.run(["bash", "-o", "pipefail", "-c", command], capture_output=True, text=True, timeout=30)
    assert (result.returncode, result.stderr) == (0, "")


def test_the_command_line_loads_little() -> None:
    """What starts in a fifth of a second must not import the whole gateway."""
    heavy = "pydantic httpx sqlalchemy starlette uvicorn rich.console cryptography asyncio yaml"
    code = f"import sys, wicketgate.cli.app; print(*[name for name in {heavy.split()} if name in sys.modules])"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=True)
    assert result.stdout.split() == []
