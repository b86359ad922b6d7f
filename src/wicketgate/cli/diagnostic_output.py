"""The messages about a project, for people, for programs and for GitHub's annotations."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from enum import StrEnum
from pathlib import Path

import typer

from wicketgate.cli.terminal import for_people, print_json, printable
from wicketgate.diagnostics import Diagnostic
from wicketgate.json_types import JsonObject


class CheckFormat(StrEnum):
    TEXT = "text"
    JSON = "json"
    GITHUB = "github"


def print_diagnostics(
    items: Sequence[Diagnostic], *, project: Path, form: CheckFormat = CheckFormat.TEXT, err: bool = False
) -> None:
    """Print every message; files are named as seen from the current folder."""
    if form is CheckFormat.JSON:
        print_json({"ok": not any(item.is_error for item in items), "messages": [_as_json(item) for item in items]})
        return
    lines: Callable[[Diagnostic, Path], Iterable[str]] = _text if form is CheckFormat.TEXT else _github
    for item in items:
        for line in lines(item, project):
            typer.echo(line, err=err)


def _as_json(item: Diagnostic) -> JsonObject:
    return {
        "severity": item.severity.value,
        "code": item.code,
        "file": item.span.file,
        "line": item.span.line,
        "column": item.span.column,
        "message": item.message,
        "hint": item.hint,
    }


def _text(item: Diagnostic, project: Path) -> Iterator[str]:
    severity = item.severity.value
    if for_people():
        severity = typer.style(severity, fg=typer.colors.RED if item.is_error else typer.colors.YELLOW, bold=True)
    place = f"{_path(item, project)}:{item.span.line}:{item.span.column}"
    yield f"{printable(place)}: {severity} {item.code} {printable(item.message)}"
    if item.hint:
        yield f"  hint: {printable(item.hint)}"


def _path(item: Diagnostic, project: Path) -> str:
    return (project / item.span.file).as_posix()


def _github(item: Diagnostic, project: Path) -> Iterator[str]:
    """Follow the workflow command `::error file=…::message` and its escapes.

    Source: https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands
    """
    properties = {
        "file": _path(item, project),
        "line": str(item.span.line),
        "col": str(item.span.column),
        "title": item.code,
    }
    listed = ",".join(f"{name}={_github_property(value)}" for name, value in properties.items())
    text = f"{item.message}\nhint: {item.hint}" if item.hint else item.message
    yield f"::{item.severity.value} {listed}::{_github_data(text)}"


def _github_data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _github_property(text: str) -> str:
    return _github_data(text).replace(":", "%3A").replace(",", "%2C")
