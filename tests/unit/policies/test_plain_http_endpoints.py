"""A credential is asked for over plain http on loopback only, and where the clouds answer their own machines."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from tests.support.project import handler, operation, write_project
from tests.support.variables import GivenVariables
from tests.unit.policies.rows.row import Row
from tests.unit.policies.rows.table import POLICIES, WRITTEN, compiled_with
from wicketgate.compile import Compiled, compile_project

METADATA = "metadataEndpoint"
ROWS = {
    (row.export, option): row
    for row in WRITTEN
    for option in row.options
    if option.endswith(("Endpoint", "Url", "Host"))
}
LAMBDA = {"functionName": "orders", "region": "eu-west-1", "accessKeyId": "AKID", "secretAccessKey": "$env(SECRET)"}
ENDPOINTS = [*ROWS, ("awsLambdaHandler", "endpoint")]
MACHINES = [endpoint for endpoint in ROWS if endpoint[1] == METADATA]
PROVIDERS = [endpoint for endpoint in ENDPOINTS if endpoint[1] != METADATA]
LOOPBACK = ["http://127.0.0.1:9001", "http://localhost:9001", "http://[::1]:9001"]
OF_CLOUDS = ["http://169.254.169.254", "http://[fd00:ec2::254]", "http://metadata.google.internal"]


def _errors(endpoint: tuple[str, str], url: str, folder: Path) -> list[str]:
    compiled = _with_policy(*endpoint, url, folder) if endpoint in ROWS else _with_lambda(url, folder)
    return [item.code for item in compiled.diagnostics if item.is_error]


def _with_policy(export: str, option: str, url: str, folder: Path) -> Compiled:
    row: Row = ROWS[export, option]
    return compiled_with(dataclasses.replace(row, options={**row.options, option: url}), folder)


def _with_lambda(url: str, folder: Path) -> Compiled:
    route = operation(handler("awsLambdaHandler", **LAMBDA, endpoint=url))
    variables = GivenVariables(secret={"SECRET": "canary"})
    return compile_project(write_project(folder, {"/": {"get": route}}), variables=variables, roots=Path("/roots.pem"))


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=".".join)
@pytest.mark.parametrize(
    "url",
    [
        "http://id.example.com",
        "HTTP://id.example.com:8080/token",
        "http://10.0.0.5",
        "http://127.0.0.1.example.com",
        "http://localhost.example.com",
        "http://169.254.169.253",
    ],
)
def test_plain_http_is_refused(tmp_path: Path, endpoint: tuple[str, str], url: str) -> None:
    assert _errors(endpoint, url, tmp_path) == ["plaintext-endpoint"]


@pytest.mark.parametrize("endpoint", PROVIDERS, ids=".".join)
@pytest.mark.parametrize("url", OF_CLOUDS)
def test_no_provider_is_where_clouds_answer(tmp_path: Path, endpoint: tuple[str, str], url: str) -> None:
    assert _errors(endpoint, url, tmp_path) == ["plaintext-endpoint"]


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=".".join)
@pytest.mark.parametrize("url", [*LOOPBACK, "https://id.example.com"])
def test_loopback_and_https_are_taken(tmp_path: Path, endpoint: tuple[str, str], url: str) -> None:
    assert _errors(endpoint, url, tmp_path) == []


@pytest.mark.parametrize("endpoint", MACHINES, ids=".".join)
@pytest.mark.parametrize("url", OF_CLOUDS)
def test_clouds_answer_their_own_machines(tmp_path: Path, endpoint: tuple[str, str], url: str) -> None:
    assert _errors(endpoint, url, tmp_path) == []


def test_every_endpoint_is_tried() -> None:
    named = {
        (export, field.alias)
        for export, found in POLICIES.items()
        for name, field in found.options.model_fields.items()
        if name.endswith(("endpoint", "url", "host", "uri"))
    }
    assert named == set(ROWS)
