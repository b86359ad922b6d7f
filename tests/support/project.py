"""Writes small projects."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

RUNTIME = "$import(@zuplo/runtime)"


def handler(export: str, **options: Any) -> dict[str, Any]:
    return {"export": export, "module": RUNTIME, "options": options}


def operation(
    handler: dict[str, Any], *, inbound: Any = (), outbound: Any = (), cors: str = "none", **more: Any
) -> Any:
    """An OpenAPI operation with a route."""
    policies = {"inbound": list(inbound), "outbound": list(outbound)}
    return {"x-zuplo-route": {"corsPolicy": cors, "handler": handler, "policies": policies}, **more}


def policy(name: str, policy_type: str, export: str, **options: Any) -> dict[str, Any]:
    return {"name": name, "policyType": policy_type, "handler": handler(export, **options)}


def write_project(
    folder: Path,
    paths: dict[str, Any],
    *,
    policies: list[Any] | None = None,
    cors: list[Any] | None = None,
    origins: dict[str, Any] | None = None,
    toml: str | None = None,
) -> Path:
    """Write a project of one OpenAPI document and return its folder."""
    config = folder / "config"
    config.mkdir(parents=True, exist_ok=True)
    document = {"openapi": "3.1.0", "info": {"title": "t", "version": "1"}, "paths": paths}
    _write(config / "routes.oas.json", document)
    if policies is not None or cors is not None:
        _write(config / "policies.json", {"policies": policies or [], "corsPolicies": cors or []})
    if origins is not None:
        _write(config / "origins.json", origins)
    if toml is not None:
        (folder / "wicket.toml").write_text(toml)
    return folder


def _write(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, indent=2))
