"""What commands print: for people on a terminal, plain and stable in a pipe."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterable, Sequence
from enum import StrEnum

import typer

from wicketgate.errors import WicketError
from wicketgate.json_types import Json

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


class TableFormat(StrEnum):
    TEXT = "text"
    JSON = "json"


def printable(text: str) -> str:
    """Write control characters as `\\xNN`: text from a project must not steer a terminal or break a line."""
    return _CONTROL.sub(lambda match: f"\\x{ord(match[0]):02x}", text)


def for_people() -> bool:
    """Tell whether standard output is a terminal that may be painted (https://no-color.org)."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def print_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table with headings on a terminal; in a pipe a line a row, tabs between cells, no headings."""
    cells = [[printable(cell) for cell in row] for row in rows]
    if for_people():
        _print_painted(columns, cells)
        return
    for row in cells:
        typer.echo("\t".join(row))


def _print_painted(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(*columns, box=SIMPLE_HEAD, header_style="bold", pad_edge=False)
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    Console().print(table)


def print_json(value: Json) -> None:
    """Print JSON with sorted keys: the same bytes for the same value."""
    typer.echo(json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False))


def print_problem(error: WicketError) -> None:
    """Print an error and its hint to standard error."""
    _print_labelled("error", error.message, typer.colors.RED)
    if error.hint:
        _print_labelled("hint", error.hint, typer.colors.CYAN)


def _print_labelled(label: str, text: str, colour: str) -> None:
    painted = sys.stderr.isatty() and not os.environ.get("NO_COLOR")
    head = typer.style(f"{label}:", fg=colour, bold=True) if painted else f"{label}:"
    typer.echo(f"{head} {printable(text)}", err=True)
