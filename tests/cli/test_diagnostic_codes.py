"""Every code that the source can report is in the registry, and nothing else is."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import wicketgate
from wicketgate.diagnostic_codes import CODES

SOURCE = Path(wicketgate.__file__).parent
STAGES = ("project", "spec", "resolve", "lower", "policies", "policy", "handlers", "handler", "ir")
REPORTERS = re.compile(r"error|warning|warn|Diagnostic|\w*(?:Custom|Document|Authority)Error")
CODE = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")


def _files() -> Iterator[Path]:
    yield SOURCE / "compile.py"
    yield SOURCE / "cli/accounts.py"
    yield SOURCE / "cli/check.py"
    for stage in STAGES:
        yield from sorted((SOURCE / stage).rglob("*.py"))


def _reported(tree: ast.AST) -> Iterator[str]:
    """Yield the codes that stand first in a call that reports."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and node.args and REPORTERS.fullmatch(_name(node.func)):
            first = node.args[0]
            if isinstance(first, ast.Constant) and isinstance(first.value, str) and CODE.fullmatch(first.value):
                yield first.value


def _name(function: ast.expr) -> str:
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def test_every_reported_code_is_registered() -> None:
    reported = {code for file in _files() for code in _reported(ast.parse(file.read_text()))}
    assert len(reported) > 40
    assert reported - CODES.keys() == set()


def test_every_registered_code_is_in_the_source() -> None:
    text = "\n".join(file.read_text() for file in _files())
    assert {code for code in CODES if f'"{code}"' not in text} == set()


def test_meanings_are_sentences() -> None:
    for code, meaning in CODES.items():
        assert CODE.fullmatch(code)
        assert meaning[0].isupper() or meaning[0] == "`"
        assert meaning.endswith(".")
