"""Imports point one way, so that each stage can be read, tested and replaced alone."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import wicketgate

SOURCE = Path(wicketgate.__file__).parent
BASE = {"diagnostics", "diagnostic_codes", "errors", "json_types", "plain_http", "secret_value"}
"""Words of the whole program: they import nothing of it but one another."""

ALLOWED = {
    "ir": BASE,
    "project": BASE | {"project"},
    "spec": BASE | {"ir", "project"},
    "policy": BASE | {"ir", "spec", "policies"},
    "handler": BASE | {"ir", "spec", "handlers"},
    "policies": BASE | {"ir", "spec", "policy"},
    "handlers": BASE | {"ir", "spec", "handler"},
    "resolve": BASE | {"ir", "project", "spec", "policy", "handler"},
    "lower": BASE | {"ir", "project", "spec", "policy", "handler", "resolve"},
    "envoy": BASE | {"ir"},
    "pki": BASE,
    "acme": BASE | {"pki"},
    "private_ca": BASE | {"pki", "store"},
    "certificates": BASE | {"ir", "spec", "pki", "private_ca", "store"},
    "compile": BASE | {"ir", "project", "spec", "certificates", "resolve", "lower", "envoy"},
    "xds": BASE | {"envoy"},
    "variables": BASE | {"spec", "store"},
    "store": BASE | {"spec", "pki", "issuer"},
    "guards": BASE,
    "federate": BASE,
    "broker": BASE | {"ir"},
    "issuer": BASE,
    "supervise": BASE | {"envoy", "spec", "xds"},
}
"""What each part may know. Parts that put others together (cli, control, demo, reference) are not listed."""

GATEWAY_NOUNS = ("route", "policy", "policies", "origin", "proof", "guard", "openapi")


def _files(part: str) -> list[Path]:
    folder = SOURCE / part
    return sorted(folder.rglob("*.py")) if folder.is_dir() else [SOURCE / f"{part}.py"]


def _imports(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ImportFrom):
            yield node.module or ""
        elif isinstance(node, ast.Import):
            yield from (name.name for name in node.names)


def _parts(file: Path) -> set[str]:
    ours = (name.split(".") for name in _imports(file) if name.startswith("wicketgate."))
    return {name[1] for name in ours}


@pytest.mark.parametrize("part", ALLOWED)
def test_imports_point_one_way(part: str) -> None:
    unasked = {
        f"{file.relative_to(SOURCE)} imports {found}"
        for file in _files(part)
        for found in _parts(file) - ALLOWED[part] - {part}
    }
    assert unasked == set()


def test_every_part_is_in_order() -> None:
    parts = {path.name.removesuffix(".py") for path in SOURCE.iterdir() if path.suffix == ".py" or path.is_dir()}
    composing = {"cli", "control", "demo", "reference", "__init__", "__pycache__"}
    assert parts - composing - ALLOWED.keys() - BASE == set()


def test_the_base_imports_nothing_above_it() -> None:
    for part in BASE:
        assert _parts(SOURCE / f"{part}.py") <= BASE


@pytest.mark.parametrize("part", ["ir", "envoy"])
def test_what_is_compiled_knows_no_reader(part: str) -> None:
    """The representation between the stages is plain data: neither pydantic's nor Envoy's."""
    foreign = {"pydantic", "pydantic_core", "yaml", "envoy", "pyvoy"}
    assert {name for file in _files(part) for name in _imports(file) if name.split(".")[0] in foreign} == set()


def test_the_xds_server_carries_resources_and_knows_no_gateway() -> None:
    """`ROUTES` is a kind of resource; `Route` is one of the HTTP server's."""
    names = {name for file in _files("xds") for name in _names(file)}
    assert len(names) > 30
    assert {name for name in names if any(noun in name.lower() for noun in GATEWAY_NOUNS)} <= {"ROUTES", "Route"}


def _names(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.arg):
            yield node.arg


def test_the_environment_is_read_at_the_edge() -> None:
    """What is compiled depends on what is given, so that the same input makes the same bytes."""
    compiled = [part for part in ALLOWED if part not in ("supervise", "variables", "certificates", "store")]
    readers = {
        str(file.relative_to(SOURCE))
        for part in (*compiled, "reference")
        for file in _files(part)
        if any(isinstance(node, ast.Attribute) and node.attr in ("environ", "getenv") for node in _nodes(file))
    }
    assert readers == set()


def _nodes(file: Path) -> Iterator[ast.AST]:
    return ast.walk(ast.parse(file.read_text()))


@pytest.mark.parametrize("part", ["ir", "project", "spec", "resolve", "lower", "envoy", "policies", "handlers"])
def test_the_compiler_has_no_clock_and_no_chance(part: str) -> None:
    assert {name for file in _files(part) for name in _imports(file)} & {"time", "datetime", "random", "uuid"} == set()
