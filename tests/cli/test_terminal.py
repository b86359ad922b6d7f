"""Output in a pipe is plain and stable."""

from __future__ import annotations

import pytest

from tests.cli.conftest import Wicket
from wicketgate.cli.diagnostic_output import CheckFormat, print_diagnostics
from wicketgate.cli.terminal import print_table, printable
from wicketgate.diagnostics import Diagnostic, Severity, Span


def test_control_characters_do_not_reach_the_terminal() -> None:
    assert printable("a\x1b[31mb\tc\nd\x9b") == r"a\x1b[31mb\x09c\x0ad\x9b"


def test_a_table_in_a_pipe_is_lines_with_tabs(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(("method", "path"), [("GET", "/a"), ("POST", "/b\tc")])
    assert capsys.readouterr().out == "GET\t/a\nPOST\t/b\\x09c\n"


def test_version_as_table_and_json(wicket: Wicket) -> None:
    plain = wicket("version").stdout.splitlines()
    assert [line.split("\t")[0] for line in plain] == ["wicketgate", "envoy", "python"]
    assert wicket("version", "--format", "json").stdout.startswith("{\n")


ITEMS = (
    Diagnostic("unknown-key", Span("config/a.json", 3, 7), "unknown key `x`", "did you mean `y`?"),
    Diagnostic("plaintext", Span("config/b,c.json", 1, 2), "100% open\nreally", severity=Severity.WARNING),
)


def test_messages_as_text(capsys: pytest.CaptureFixture[str], tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.getbasetemp()
    print_diagnostics(ITEMS, project=folder)
    assert capsys.readouterr().out.splitlines() == [
        f"{folder}/config/a.json:3:7: error unknown-key unknown key `x`",
        "  hint: did you mean `y`?",
        f"{folder}/config/b,c.json:1:2: warning plaintext 100% open\\x0areally",
    ]


def test_messages_for_github(capsys: pytest.CaptureFixture[str], tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.getbasetemp()
    print_diagnostics(ITEMS, project=folder, form=CheckFormat.GITHUB)
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith(f"::error file={folder}/config/a.json,line=3,col=7,title=unknown-key::unknown key `x`%0A")
    assert "file=" + f"{folder}/config/b%2Cc.json," in second
    assert second.endswith("::100%25 open%0Areally")
