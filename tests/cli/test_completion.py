"""Shell completion knows the commands."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    ("shell", "variables"),
    [
        ("bash", {"COMP_WORDS": "wicket do", "COMP_CWORD": "1"}),
        ("zsh", {"_TYPER_COMPLETE_ARGS": "wicket do"}),
        ("fish", {"_TYPER_COMPLETE_ARGS": "wicket do", "_TYPER_COMPLETE_FISH_ACTION": "get-args"}),
    ],
)
def test_commands_are_completed(shell: str, variables: dict[str, str]) -> None:
    environ = {**os.environ, **variables, "_WICKET_COMPLETE": f"complete_{shell}"}
    command = [sys.executable, "-m", "wicketgate.cli"]
    result = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=30)
    assert "doctor" in result.stdout
    assert "check" not in result.stdout.replace("doctor", "", 1).split()


def test_the_script_of_a_shell_can_be_shown() -> None:
    command = [sys.executable, "-m", "wicketgate.cli", "--show-completion", "bash"]
    # Without it the shell among the ancestors of the process counts, and a test run need not have one.
    named = {**os.environ, "_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"}
    result = subprocess.run(command, env=named, capture_output=True, text=True, timeout=30)
    assert "_WICKET_COMPLETE" in result.stdout
