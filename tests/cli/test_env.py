"""`wicket env`: values in by standard input only, secrets never out."""

from __future__ import annotations

import json
import os
import pty
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Wicket

SECRET = "canary-9c1e-the-first-secret"
NEXT = "canary-4d20-the-next-secret"


def _everything_on_disk(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def _listed(wicket: Wicket, project: Path) -> dict[tuple[str, str, str], dict[str, str]]:
    rows = json.loads(wicket("env", "list", "--project", project, "--format", "json").stdout)
    return {(row["name"], row["environment"], row["source"]): row for row in rows}


def test_a_secret_goes_in_and_never_comes_out(wicket: Wicket, project: Path) -> None:
    result = wicket("env", "set", "BACKEND_SECRET", "--secret", "--project", project, input=f"{SECRET}\n")
    assert (result.exit_code, result.stdout) == (0, "BACKEND_SECRET is set for production (secret)\n")
    row = _listed(wicket, project)["BACKEND_SECRET", "production", "store"]
    assert (row["secrecy"], row["value"]) == ("secret", "")
    for command in (("env", "list"), ("compile",), ("explain", "GET", "/orders"), ("check",)):
        assert SECRET not in wicket(*command, "--project", project).output
    assert SECRET.encode() not in _everything_on_disk(project)
    assert stat.S_IMODE((project / ".wicket" / "key").stat().st_mode) == 0o600


def test_a_plain_value_is_shown_and_others_are_not(wicket: Wicket, project: Path) -> None:
    wicket("env", "set", "REGION", "--plain", "-e", "production", "-e", "preview", "--project", project, input="eu\n")
    wicket("env", "set", "OTHER", "--project", project, input="hidden")
    listed = _listed(wicket, project)
    assert listed["REGION", "preview", "store"]["value"] == "eu"
    assert listed["REGION", "production", "store"]["value"] == "eu"
    assert (listed["OTHER", "production", "store"]["secrecy"], listed["OTHER", "production", "store"]["value"]) == (
        "unmarked",
        "",
    )
    assert listed["ORIGIN_URL", "all", ".env"]["value"] == ""


def test_the_store_wins_over_dotenv(wicket: Wicket, project: Path) -> None:
    wicket("env", "set", "ORIGIN_URL", "--plain", "--project", project, input="http://127.0.0.1:9777\n")
    assert "http://127.0.0.1:9777" in wicket("routes", "--project", project).stdout
    assert "http://127.0.0.1:9000" in wicket("routes", "--project", project, "-e", "preview").stdout
    assert wicket("env", "unset", "ORIGIN_URL", "--project", project).exit_code == 0
    assert wicket("env", "unset", "ORIGIN_URL", "--project", project).exit_code == 1
    assert "http://127.0.0.1:9000" in wicket("routes", "--project", project).stdout


@pytest.mark.parametrize(
    ("arguments", "value"),
    [
        (("lower_case",), "x"),
        (("WICKET_X",), "x"),
        (("NAME", "-e", "nowhere"), "x"),
        (("NAME", "--secret", "--plain"), "x"),
        (("NAME",), ""),
        (("NAME", "value-as-an-argument"), ""),
    ],
)
def test_what_is_refused(wicket: Wicket, project: Path, arguments: tuple[str, ...], value: str) -> None:
    result = wicket("env", "set", *arguments, "--project", project, input=value)
    assert result.exit_code == 2
    assert not (project / ".wicket" / "state.db").exists() or not _stored(wicket, project)


def _stored(wicket: Wicket, project: Path) -> list[tuple[str, str, str]]:
    return [key for key in _listed(wicket, project) if key[2] == "store"]


def test_listing_makes_no_store(wicket: Wicket, project: Path) -> None:
    assert wicket("env", "list", "--project", project).exit_code == 0
    assert not (project / ".wicket").exists()


def test_a_rotation_from_stage_to_retirement(wicket: Wicket, project: Path, tmp_path: Path) -> None:
    at = ("BACKEND_SECRET", "--project", project)
    guard_file = tmp_path / "guard"
    wicket("env", "set", *at, "--secret", input=SECRET)
    staged = wicket("env", "rotate", *at, "--stdin", "--guard-file", guard_file, input=NEXT)
    assert staged.exit_code == 0
    assert staged.stdout.startswith("BACKEND_SECRET in production: staged; the gateway sends the next value in ")
    assert guard_file.read_text().split() == [SECRET, NEXT]
    assert wicket("env", "rotate", *at, "--switch").stdout.startswith("BACKEND_SECRET in production: switched; ")
    assert guard_file.read_text().split() == [NEXT, SECRET]
    assert wicket("env", "rotate", *at, "--retire").stdout == "BACKEND_SECRET in production: not being rotated\n"
    assert guard_file.read_text().split() == [NEXT]


def test_a_rotation_goes_back(wicket: Wicket, project: Path) -> None:
    at = ("BACKEND_SECRET", "--project", project)
    wicket("env", "set", *at, "--secret", input=SECRET)
    shown = wicket("env", "rotate", *at, "--print")
    assert len(shown.stdout.strip()) >= 32
    assert "staged" in shown.stderr
    wicket("env", "rotate", *at, "--switch")
    assert "held" in wicket("env", "rotate", *at, "--rollback").stdout
    assert "not being rotated" in wicket("env", "rotate", *at, "--rollback").stdout
    assert wicket("env", "rotate", *at, "--switch").exit_code == 1


def test_a_rotation_that_no_guard_would_learn_of_is_refused(wicket: Wicket, project: Path) -> None:
    at = ("BACKEND_SECRET", "--project", project)
    wicket("env", "set", *at, "--secret", input=SECRET)
    assert wicket("env", "rotate", *at).exit_code == 2
    assert "not being rotated" in wicket("env", "rotate", *at, "--status").stdout


def test_the_terminal_does_not_show_what_is_typed(project: Path) -> None:
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "wicketgate.cli", "env", "set", "BACKEND_SECRET", "--secret"]
    process = subprocess.Popen([*command, "--project", str(project)], stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    shown = b""
    try:
        for prompt in (b"value of BACKEND_SECRET: ", b"once more: "):
            while prompt not in shown:
                shown += os.read(ours, 4096)
            os.write(ours, f"{SECRET}\n".encode())
        assert process.wait(30) == 0
        shown += os.read(ours, 4096)
    finally:
        process.kill()
        process.wait()
        os.close(ours)
    assert b"is set for production" in shown
    assert SECRET.encode() not in shown
