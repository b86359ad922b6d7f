"""Serve an API description without the gateway's own parts (https://zuplo.com/docs/handlers/openapi)."""

from __future__ import annotations

import json
from collections.abc import Mapping

from wicketgate.handler import Handler, HandlerContext
from wicketgate.ir.gateway import Respond
from wicketgate.json_types import Json, JsonObject
from wicketgate.spec.base import Options

_PRIVATE = ("x-zuplo-", "x-wicket-")


class OpenApiSpecOptions(Options):
    open_api_file_path: str
    """A file of the project's `config` folder, such as `config/routes.oas.json`."""


def _lower(options: OpenApiSpecOptions, at: HandlerContext) -> Respond | None:
    document = at.api_document(options.open_api_file_path)
    if document is None:
        return None
    body = json.dumps(public_description(document), ensure_ascii=False, separators=(",", ":"))
    return Respond(200, "application/json", body)


def public_description(document: JsonObject) -> Json:
    """Return the description as callers may see it: no `x-zuplo-*`, no `x-wicket-*`, no internal operation."""
    return _without_private(document)


def _without_private(value: Json) -> Json:
    if isinstance(value, Mapping):
        return {key: _without_private(item) for key, item in value.items() if not _is_private(key, item)}
    if isinstance(value, list):
        return [_without_private(item) for item in value]
    return value


def _is_private(key: str, item: Json) -> bool:
    return key.startswith(_PRIVATE) or (isinstance(item, Mapping) and item.get("x-internal") is True)


HANDLER = Handler(export="openApiSpecHandler", options=OpenApiSpecOptions, lower=_lower)
