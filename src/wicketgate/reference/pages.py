"""All pages of the reference by file name."""

from __future__ import annotations

import json
from collections.abc import Mapping

from wicketgate.json_types import JsonObject
from wicketgate.reference.commands import commands_page
from wicketgate.reference.diagnostics_page import diagnostics_page
from wicketgate.reference.model_docs import Model, schema_of
from wicketgate.reference.model_page import model_tables
from wicketgate.reference.step_schemas import policies_schema, route_schema
from wicketgate.reference.steps_pages import handlers_page, policies_page
from wicketgate.spec.installation import Installation
from wicketgate.spec.origins_file import OriginsFile
from wicketgate.spec.route import PathExtension, RouteExtension

_MARK = "<!-- Generated from the code by `make generate`; changes here are lost. -->\n\n"
_DIALECT = "https://json-schema.org/draft/2020-12/schema"

_INDEX = """\
# Reference

| page | says |
|---|---|
| [Commands](commands.md) | every command of `wicket`, its options, exit codes |
| [Routes](routes.md) | the gateway's part of an OpenAPI document |
| [Handlers](handlers.md) | what can answer a request |
| [Policies](policies.md) | steps before and after the handler |
| [Origins](origins.md) | `config/origins.json` |
| [wicket.toml](wicket-toml.md) | the installation |
| [Messages](diagnostics.md) | every message of `wicket check` |

JSON Schemas for editors are in [schemas](schemas).
"""

_INSTALLATION = """\
# `wicket.toml`

The installation. Every key has a default; without the file the gateway listens on loopback."""

_ORIGINS = """\
# `config/origins.json`

Origins declared once. Routes name them as `origin://NAME/path`, or by a URL with the same scheme, host and
port."""

_ROUTES = """\
# Routes

`config/*.oas.json` (or `.yaml`) are OpenAPI 3.0 or 3.1 documents. An operation with `x-zuplo-route` (or
`x-wicket-route`, which is the same) is a route; `x-zuplo-path` (or `x-wicket-path`) stands beside the
operations."""


def all_pages() -> Mapping[str, str]:
    """Return every page and schema; the same code gives the same bytes."""
    return {
        "README.md": _MARK + _INDEX,
        "commands.md": _MARK + commands_page(),
        "wicket-toml.md": _MARK + _model_page(_INSTALLATION, Installation),
        "origins.md": _MARK + _model_page(_ORIGINS, OriginsFile),
        "routes.md": _MARK + _routes_page(),
        "policies.md": _MARK + policies_page(),
        "handlers.md": _MARK + handlers_page(),
        "diagnostics.md": _MARK + diagnostics_page(),
        **{f"schemas/{name}.json": _schema(name, schema) for name, schema in _schemas().items()},
    }


def _schemas() -> Mapping[str, JsonObject]:
    return {
        "wicket.toml": schema_of(Installation),
        "origins": schema_of(OriginsFile),
        "policies": policies_schema(),
        "x-zuplo-route": route_schema(),
        "x-zuplo-path": schema_of(PathExtension),
    }


def _model_page(head: str, model: Model) -> str:
    return f"{head}\n\n{model_tables(model)}\n"


def _routes_page() -> str:
    route = f"## x-zuplo-route\n\n{model_tables(RouteExtension)}"
    return f"{_ROUTES}\n\n{route}\n\n## x-zuplo-path\n\n{model_tables(PathExtension)}\n"


def _schema(name: str, schema: JsonObject) -> str:
    return json.dumps({"$schema": _DIALECT, "title": name, **schema}, indent=2, ensure_ascii=False) + "\n"
